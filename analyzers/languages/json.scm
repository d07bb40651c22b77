; The value of the document. What stands below is walked by languages/json.py, which visits changed lines only.
(document (_) @value)
