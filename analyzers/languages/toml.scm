; Settings are read by walking the tables that changed; one pattern keeps the query valid.
(pair) @pair
