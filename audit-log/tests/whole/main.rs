//! Whole logs in temporary folders: written, torn, edited, verified.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod denials;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod follow;
#[cfg(test)]
mod keystore;
#[cfg(test)]
mod log;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tamper;
