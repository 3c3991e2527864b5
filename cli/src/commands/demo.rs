//! `visum demo`: the whole path on one machine, walked through step by step.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    client::session::demo_facts,
    commands::login,
    demo::{
        people::Person,
        screen::Screen,
        start::Running,
        tour::{self, Tour},
    },
    error::CommandError,
    exit::Exit,
    node::serve::asked_to_stop,
    output::Context,
};

/// Where the demo lives unless told otherwise.
const FOLDER: &str = "visum-data/demo";

/// Start a whole node on this machine, with fictional people and data, and walk through it
///
/// Nothing leaves this machine's loopback addresses. At the end it stays up, with the addresses to open in a browser.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Demo {
    /// End after the tour; exit status 0 only if each step saw what it should
    #[arg(long, conflicts_with = "up")]
    exit: bool,
    /// Start all and skip the tour
    #[arg(long)]
    up: bool,
    /// The demo's folder; emptied if an earlier demo made it
    #[arg(long, value_name = "DIR", default_value = FOLDER, global = true)]
    data: PathBuf,
    /// Of a running demo
    #[command(subcommand)]
    of: Option<Of>,
}

/// Credentials of a running demo's people.
#[derive(Debug, clap::Subcommand)]
enum Of {
    /// Print an access token, obtained by a scripted login
    Token {
        /// Whose
        #[arg(value_parser = ["ada", "ben", "dan", "eve", "noor"])]
        person: String,
    },
    /// Log in as one of them, by script, and keep the login: the other commands then act as that person
    Login {
        /// Whose
        #[arg(value_parser = ["ada", "ben", "dan", "eve", "noor"])]
        person: String,
        /// The name to keep this login under
        #[arg(long, value_name = "NAME", default_value = "default", env = "VISUM_PROFILE")]
        profile: String,
        /// Stay logged in, as `visum login --stay` does
        #[arg(long)]
        stay: bool,
    },
    /// Print a Passport for the proxy
    Passport {
        /// Whose
        #[arg(value_parser = ["ada", "ben", "dan", "eve", "noor"])]
        person: String,
    },
}

/// Starts, walks, stays up or ends.
pub(crate) async fn run(args: Demo, context: &Context) -> Result<Exit, CommandError> {
    match &args.of {
        Some(Of::Token { person }) => {
            let person = Person::login(&demo_facts(&args.data)?, person).await?;
            context.line(person.token());
            return Ok(Exit::Yes);
        }
        Some(Of::Login { person, profile, stay }) => {
            let facts = demo_facts(&args.data)?;
            let kept = Person::login_for(&facts, person, *stay).await?.profile();
            return login::keep(&kept, profile, context);
        }
        Some(Of::Passport { person }) => {
            let person = Person::login(&demo_facts(&args.data)?, person).await?;
            context.line(&person.passport().await?);
            return Ok(Exit::Yes);
        }
        None => {}
    }
    let running = Running::start(&args.data).await?;
    let mut screen = Screen::new(context.json, tour::STEPS);
    screen.print("Visum demonstration. All people, institutions and data are fictional; a second factor is asserted, not checked.");
    screen.print(&format!("Folder: {}", args.data.display()));
    let mut exit = Exit::Yes;
    if !args.up {
        let writer = running.served.node().writer.clone();
        let data = args.data.display().to_string();
        let walked = tour::walk(
            Tour {
                facts: &running.facts,
                screen: &mut screen,
                data,
            },
            &writer,
        )
        .await;
        if let Err(wrong) = &walked {
            screen.must(false, &format!("{wrong} ({})", wrong.code()));
        }
        let good = screen.all_as_expected() && screen.steps().len() as u64 == u64::from(tour::STEPS);
        exit = if good { Exit::Yes } else { Exit::No };
        screen.print("");
        screen.print(if good {
            "All steps were as they should be."
        } else {
            "Something was NOT as it should be: see above."
        });
        if context.json {
            context.line(&json!({ "as_expected": good, "steps": screen.steps() }).to_string());
        }
    }
    if args.exit {
        running.stop().await;
        return Ok(exit);
    }
    tell(&running.facts, &screen, &args.data);
    asked_to_stop().await;
    screen.print("Stopping.");
    running.stop().await;
    Ok(exit)
}

fn tell(facts: &serde_json::Value, screen: &Screen, data: &std::path::Path) {
    let text = |pointer: &str| {
        facts
            .pointer(pointer)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    screen.print("");
    screen.print("The node stays up. Open in a browser (log in as Ada, Dan or Noor at the sample institution):");
    screen.print(&format!("  account page      {}", text("/broker/account")));
    screen.print(&format!("  home institution  {}", text("/home/issuer")));
    screen.print("For your own tools:");
    screen.print(&format!("  DRS  {}", text("/proxy/drs")));
    screen.print(&format!("  TES  {}", text("/proxy/tes")));
    screen.print(&format!("  WES  {}", text("/proxy/wes")));
    screen.print(&format!("  a token: visum demo token ada --data {}", data.display()));
    screen.print(&format!("  all addresses: {}", data.join("demo.json").display()));
    screen.print("Ctrl-C stops it.");
}
