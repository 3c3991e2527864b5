//! The verifier as the other crates use it, one module a subject.

#[cfg(test)]
mod access_tokens;
#[cfg(test)]
mod https;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod people;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod support;
#[cfg(test)]
mod vectors;
