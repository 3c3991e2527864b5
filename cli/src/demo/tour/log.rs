//! Step 10: the log is whole, holds the tour, and a changed byte is found.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Tour, person};
use crate::error::CommandError;

/// Step 10.
pub(super) async fn the_log_is_whole(tour: &mut Tour<'_>, writer: &audit_log::Writer) -> Result<(), CommandError> {
    tour.screen
        .step(10, "The audit log is whole, and a changed byte is found");
    writer
        .checkpoint()
        .await
        .map_err(|source| CommandError::unknown(source.code(), source.to_string()))?;
    let folder = PathBuf::from(tour.fact("/audit/folder")?);
    let key = tour.fact("/audit/vkey")?;
    tour.screen
        .request(&format!("visum audit verify {} --key {key}", folder.display()));
    let report = crate::commands::audit::verify::check(&folder, Some(&key))?;
    tour.screen.answer(&format!(
        "{} entries, {} not yet under a checkpoint, {} findings",
        report.entries,
        report.uncovered,
        report.findings.len()
    ));
    tour.screen.must(report.sound(), "the log is sound");

    let noor = person(tour, "noor").await?;
    tour.screen.request("Noor (auditor): GET /visum/v1/admin/audit/events");
    let events = noor.ask("admin/audit/events?from=0&limit=500").await?;
    let body = events.json();
    let list = body
        .get("events")
        .unwrap_or(&body)
        .as_array()
        .cloned()
        .unwrap_or_default();
    let kind = |event: &Value| {
        let event = event.get("event").unwrap_or(event);
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{} {}", text("type"), text("outcome"))
    };
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for event in &list {
        let kind = kind(event);
        match kinds.iter_mut().find(|(other, _)| *other == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let words: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} x {kind}")).collect();
    tour.screen.answer(&words.join(", "));
    tour.screen.hand("visum audit show --profile noor");
    for wanted in [
        "drs:GetAccessUrl success",
        "drs:GetAccessUrl denied",
        "tes:CreateTask success",
        "tes:CreateTask denied",
        "wes:RunWorkflow success",
        "grant.issue success",
        "hold.place success",
        "purpose.attest success",
        "login success",
    ] {
        tour.screen.must(
            kinds.iter().any(|(kind, _)| kind == wanted),
            &format!("it tells of {wanted}"),
        );
    }

    for (what, file) in changed(&folder)? {
        let copy = folder.with_extension("changed");
        let _ = fs::remove_dir_all(&copy);
        copy_folder(&folder, &copy)?;
        let place = flip(&copy.join(&file))?;
        let report = crate::commands::audit::verify::check(&copy, Some(&key))?;
        let found = report
            .findings
            .first()
            .map(|finding| format!("{}: {}", finding.file, finding.what));
        tour.screen.must(
            !report.sound(),
            &format!(
                "byte {place} of {what} changed in a copy: {}",
                found.as_deref().unwrap_or("not found")
            ),
        );
        let _ = fs::remove_dir_all(&copy);
    }
    tour.screen.done();
    Ok(())
}

/// One file of each kind: a segment, a tile, a checkpoint.
fn changed(folder: &Path) -> Result<Vec<(&'static str, PathBuf)>, CommandError> {
    let mut files = Vec::new();
    list(folder, Path::new(""), &mut files)?;
    files.sort();
    let first = |part: fn(&str) -> bool| files.iter().find(|file| part(&file.to_string_lossy())).cloned();
    let mut wanted = Vec::new();
    if let Some(file) = first(|name| name.contains("segment")) {
        wanted.push(("a segment", file));
    }
    if let Some(file) = first(|name| name.starts_with("tile/0")) {
        wanted.push(("a tile", file));
    }
    if let Some(file) = first(|name| name == "checkpoint") {
        wanted.push(("the checkpoint", file));
    }
    if wanted.len() == 3 {
        Ok(wanted)
    } else {
        Err(CommandError::unknown(
            "demo.log",
            format!("the log's folder lacks a segment, a tile or a checkpoint: {files:?}"),
        ))
    }
}

fn list(root: &Path, under: &Path, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    for entry in fs::read_dir(root.join(under)).map_err(|source| file(&root.join(under), &source))? {
        let entry = entry.map_err(|source| file(root, &source))?;
        let path = under.join(entry.file_name());
        if entry.path().is_dir() {
            list(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), CommandError> {
    let mut files = Vec::new();
    list(from, Path::new(""), &mut files)?;
    for path in files {
        let target = to.join(&path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|source| file(folder, &source))?;
        }
        fs::copy(from.join(&path), &target).map_err(|source| file(&target, &source))?;
    }
    Ok(())
}

fn flip(path: &Path) -> Result<usize, CommandError> {
    let mut bytes = fs::read(path).map_err(|source| file(path, &source))?;
    let place = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= 1;
    }
    fs::write(path, bytes).map_err(|source| file(path, &source))?;
    Ok(place)
}

fn file(path: &Path, source: &std::io::Error) -> CommandError {
    CommandError::unknown("demo.file", format!("{}: {source}", path.display()))
}
