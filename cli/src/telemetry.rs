//! Log lines on standard error: one line at the boundary that handles something; never a token, never a name.

use owo_colors::{OwoColorize as _, Stream};
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::config;

/// What is told unless `VISUM_LOG` says otherwise.
const USUAL: &str = "warn";

/// Starts the log. `VISUM_LOG` takes levels by module (`info`, `tes_proxy=debug`); a wrong one falls back to the usual.
pub(crate) fn start(json: bool) {
    let filter = config::log_levels()
        .and_then(|text| EnvFilter::try_new(text).ok())
        .unwrap_or_else(|| EnvFilter::new(USUAL));
    let registry = tracing_subscriber::registry().with(filter);
    let started = if json {
        registry
            .with(fmt::layer().json().with_writer(std::io::stderr))
            .try_init()
    } else {
        registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_target(false)
                    .with_ansi(coloured()),
            )
            .try_init()
    };
    // A second start (tests in one process) keeps the first.
    drop(started);
}

/// Whether standard error is a terminal with colours, and nobody asked for none.
fn coloured() -> bool {
    "x".if_supports_color(Stream::Stderr, |text| text.red()).to_string() != "x"
}
