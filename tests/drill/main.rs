//! Drills at full size against the built binary, measured and not timed: `cargo xtask bench drill [-- NAME]`. What has to
//! hold at any speed is asserted; how long it took is printed.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a drill that cannot go on fails"
)]

mod kill;
mod played;
mod stream;
mod withdrawal;

use tests as _;

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    if wanted("withdrawal") {
        withdrawal::run().await;
    }
    if wanted("stream") {
        stream::large().await;
        stream::slow_clients().await;
        stream::backend_killed().await;
    }
    if wanted("kill") {
        kill::run().await;
    }
}

/// One line of a drill's table.
fn tell(what: &str, said: impl std::fmt::Display) {
    println!("| {what} | {said} |");
}
