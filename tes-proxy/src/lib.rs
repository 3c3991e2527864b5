//! The consent-aware proxy in front of DRS, WES and TES backends.
