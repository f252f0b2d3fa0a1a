//! From trees to a program whose every name is resolved and every value typed against the catalog. Pure.
