//! The command line as a tired person uses it: exit codes and messages.

use tests::{binary, demo::Demo};

#[test]
fn exit_codes_are_the_same_in_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nothing").display().to_string();
    let json = folder.path().join("no.json").display().to_string();
    std::fs::write(&json, "{ \"version\": 1, \"version\": 1 }").unwrap();
    let cases: &[(&str, &[&str], i32, &str)] = &[
        ("help is no misuse", &["--help"], 0, ""),
        ("a version is none either", &["--version"], 0, ""),
        ("no command", &[], 2, "Usage"),
        ("a wrong flag", &["demo", "--quiet"], 2, "--quiet"),
        ("a missing log", &["audit", "verify", &missing], 3, "there is no folder"),
        (
            "a key that is none",
            &["audit", "verify", &missing, "--key", "abc"],
            2,
            "no log key",
        ),
        ("a missing file", &["consent", "evaluate", &missing], 3, ""),
        (
            "an input that is refused",
            &["consent", "evaluate", &json, "--json"],
            2,
            "",
        ),
        (
            "nobody is logged in",
            &["passport", "show", "--profile", "nobody"],
            3,
            "visum login",
        ),
        ("a login at nowhere", &["login"], 2, "--broker"),
        (
            "no demo runs there",
            &["demo", "token", "ada", "--data", &missing],
            3,
            "no demo runs",
        ),
        (
            "a configuration that is not there",
            &["up", "--config", &missing],
            3,
            "",
        ),
    ];
    for (name, arguments, code, said) in cases {
        let mut command = binary::visum(arguments);
        let output = command.env("VISUM_HOME", folder.path()).output().unwrap();
        let words = binary::Said::from(output);
        assert_eq!(words.code, *code, "{name}: {} {}", words.out, words.err);
        assert!(words.err.contains(said), "{name}: {}", words.err);
    }
}

#[test]
fn a_second_node_on_the_same_folder_refuses_to_start() {
    let demo = Demo::start();
    let said = demo.run(&["demo", "--up"]);
    assert_eq!(said.code, 3, "{} {}", said.out, said.err);
    assert!(said.err.contains("runs"), "{}", said.err);
    // The first one goes on.
    assert_eq!(demo.run(&["demo", "token", "ada"]).code, 0);
}

#[test]
fn a_changed_byte_in_a_copy_of_the_log_is_unsound() {
    let demo = Demo::start();
    let _ = demo.token("ada");
    assert_eq!(demo.run(&["audit", "verify"]).code, 0);
    let copy = tempfile::tempdir().unwrap();
    let target = copy.path().join("audit");
    assert!(
        std::process::Command::new("cp")
            .arg("-r")
            .arg(demo.audit())
            .arg(&target)
            .status()
            .unwrap()
            .success()
    );
    let mut files = Vec::new();
    list(&target, &mut files);
    let segment = files
        .iter()
        .find(|path| path.to_string_lossy().contains("segment"))
        .unwrap();
    let mut bytes = std::fs::read(segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    std::fs::write(segment, bytes).unwrap();
    let said = binary::run(&["audit", "verify", target.to_str().unwrap()]);
    assert_eq!(said.code, 1, "{} {}", said.out, said.err);
    assert!(said.out.contains("NOT sound"), "{}", said.out);
}

fn list(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, files)
        } else {
            files.push(path)
        }
    }
}
