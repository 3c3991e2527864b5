//! GA4GH Passports and Visas to verified facts.
