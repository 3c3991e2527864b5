//! `visum passport …`

pub(crate) mod decode;
pub(crate) mod show;
pub(crate) mod verify;

use clap::Subcommand;

use crate::{error::CommandError, exit::Exit, output::Context};

/// Passports and their visas
#[derive(Debug, Subcommand)]
pub(crate) enum Passport {
    Show(show::Show),
    Verify(verify::Verify),
    Decode(decode::Decode),
}

/// Runs one of them.
pub(crate) async fn run(command: Passport, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Passport::Show(args) => show::run(args, context).await,
        Passport::Verify(args) => verify::run(args, context).await,
        Passport::Decode(args) => decode::run(&args, context),
    }
}

/// Text of a token as it may stand on a terminal: what would steer the terminal or turn the text around is escaped.
fn shown(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .flat_map(|c| {
            if c.is_control() || turns(c) {
                c.escape_unicode().collect()
            } else {
                vec![c]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(super::shown("uni\u{1b}[2J\u{202e}x"), "uni\\u{1b}[2J\\u{202e}x");
    }
}
