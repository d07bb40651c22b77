; One document of the stream. What stands below is walked by documents/yaml_tree.py, which visits changed lines only.
(document) @document
