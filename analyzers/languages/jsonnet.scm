; The expression of the file. What stands below is walked by languages/jsonnet_tree.py, which visits changed lines only.
(source_file (_) @value)
