//! A sample DRS, TES, WES and home institution for the demo and the tests; not for production.
