//! Whole-system tests: one binary with a module a file, mirroring the routes.
