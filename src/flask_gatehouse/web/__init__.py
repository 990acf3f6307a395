"""Flask glue: who may enter, forms from this site only, errors, redirects, headers, work."""
