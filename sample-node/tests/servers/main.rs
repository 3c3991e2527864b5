//! Each server of the sample node, by HTTP on loopback.

// `cfg(test)` is always on here; it tells clippy that helpers are test code too.
#[cfg(test)]
mod closed;
#[cfg(test)]
mod drs;
#[cfg(test)]
mod home;
#[cfg(test)]
mod image;
#[cfg(test)]
mod node;
#[cfg(test)]
mod tes;
#[cfg(test)]
mod visas;
#[cfg(test)]
mod wes;
#[cfg(test)]
mod world;
