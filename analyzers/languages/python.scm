; Few, generic patterns: python.py hands each node to the extractors registered for its name, which look at the names.
; The outer capture names the pattern.
(assignment) @assignment
(augmented_assignment) @augmented
(call) @call
(keyword_argument) @keyword
(dictionary (pair) @pair)
(default_parameter) @parameter
(typed_default_parameter) @parameter
(decorator) @decorator
(raise_statement) @raise
(except_clause) @except
(if_statement) @condition
(elif_clause) @condition
(class_definition) @class
(subscript) @subscript
(comparison_operator) @comparison
(string) @string
((attribute object: (identifier) @of) @reference (#any-of? @of "hashlib" "ssl" "hashes"))
