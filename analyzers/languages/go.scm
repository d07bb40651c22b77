; What may state a fact in Go. The patterns are generic on purpose: names decide, and names are judged in Python,
; so the query compiles fast and a new library needs no new pattern.
(call_expression) @call
(const_spec) @spec
(var_spec) @spec
(short_var_declaration) @local
(assignment_statement) @assign
(field_declaration) @field
(keyed_element) @element
(composite_literal) @composite
(if_statement) @if
(interpreted_string_literal) @string
(raw_string_literal) @string
