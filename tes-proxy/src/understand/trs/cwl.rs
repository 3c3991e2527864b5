//! The own command of a CWL CommandLineTool (CWL 1.2 §4), if it can be told exactly; else it has none.

use policy_engine::intent::Image;

use crate::rules::CertifiedTool;

use super::yaml::{Node, read};

/// Requirements that change nothing of the command.
const HARMLESS: [&str; 6] = [
    "DockerRequirement",
    "EnvVarRequirement",
    "ResourceRequirement",
    "NetworkAccess",
    "ToolTimeLimit",
    "WorkReuse",
];
/// Those that count even as a hint: the command would run through a shell, or find other files.
const CHANGING: [&str; 3] = [
    "ShellCommandRequirement",
    "InitialWorkDirRequirement",
    "InlineJavascriptRequirement",
];

/// A word of the command with its place: position, arguments before inputs, then index or name (CWL 1.2 §4.1).
type Placed = ((i64, bool, String), Vec<String>);

/// The tool of that name whose descriptor this is.
///
/// # Errors
/// Why its command cannot be told.
pub(super) fn tool(id: &str, text: &str) -> Result<CertifiedTool, &'static str> {
    let document = read(text)?;
    let class = document.get("class").and_then(Node::text);
    if class != Some("CommandLineTool") {
        return Err("it is no CommandLineTool of CWL");
    }
    let (mut image, mut env) = (None, Vec::new());
    for (name, node, hint) in requirements(&document)? {
        match name.as_str() {
            "DockerRequirement" => image = Some(pulled(node)?),
            "EnvVarRequirement" => env.extend(variables(node)?),
            other if CHANGING.contains(&other) => return Err("a requirement changes what is run"),
            other if !hint && !HARMLESS.contains(&other) => return Err("it has a requirement that is not known"),
            _ => {}
        }
    }
    let mut command = base(&document)?;
    let mut placed = arguments(&document)?;
    placed.extend(inputs(&document)?);
    placed.sort();
    command.extend(placed.into_iter().flat_map(|(_, words)| words));
    if command.is_empty() {
        return Err("it has no command");
    }
    Ok(CertifiedTool {
        id: id.to_owned(),
        image: image.ok_or("it names no image by digest")?,
        command,
        env,
    })
}

/// A word that is as it stands: no expression, nothing that we read as a placeholder.
fn literal(text: &str) -> Result<String, &'static str> {
    if text.contains(['{', '}', '\0']) || text.contains("$(") {
        Err("a word holds an expression or braces")
    } else {
        Ok(text.to_owned())
    }
}

/// Entries of a list of maps with an id, or of a map by id.
fn entries<'n>(node: &'n Node, id: &str) -> Result<Vec<(String, &'n Node)>, &'static str> {
    match node {
        Node::Map(members) => Ok(members.iter().map(|(key, node)| (key.clone(), node)).collect()),
        Node::List(list) => list
            .iter()
            .map(|node| {
                let name = node.get(id).and_then(Node::text);
                Ok((name.ok_or("an entry has no name")?.to_owned(), node))
            })
            .collect(),
        Node::Text(_) => Err("an entry is of another kind"),
    }
}

/// Requirements, then hints, each with its class.
fn requirements(document: &Node) -> Result<Vec<(String, &Node, bool)>, &'static str> {
    let mut found: Vec<(String, &Node, bool)> = Vec::new();
    for (member, hint) in [("requirements", false), ("hints", true)] {
        let Some(node) = document.get(member) else { continue };
        for (class, node) in entries(node, "class")? {
            // a requirement stands above a hint of the same class
            if !found.iter().any(|(known, ..)| *known == class) {
                found.push((class, node, hint));
            }
        }
    }
    Ok(found)
}

fn pulled(node: &Node) -> Result<String, &'static str> {
    let known = ["class", "dockerPull"];
    if let Node::Map(members) = node
        && members.iter().any(|(key, _)| !known.contains(&key.as_str()))
    {
        return Err("its image is more than pulled");
    }
    let pull = node
        .get("dockerPull")
        .and_then(Node::text)
        .ok_or("its image is not pulled")?;
    let image = Image::parse(pull).map_err(|_| "its image is no image")?;
    if image.is_pinned() {
        Ok(image.to_string())
    } else {
        Err("its image is not named by digest")
    }
}

/// Each variable with its one value.
fn variables(node: &Node) -> Result<Vec<String>, &'static str> {
    let Some(definitions) = node.get("envDef") else {
        return Err("its environment is not defined");
    };
    entries(definitions, "envName")?
        .into_iter()
        .map(|(name, node)| {
            let value = node.text().or_else(|| node.get("envValue").and_then(Node::text));
            let value = literal(value.ok_or("a variable has no value")?)?;
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err("a variable has no plain name");
            }
            Ok(format!("{name}={value}"))
        })
        .collect()
}

fn base(document: &Node) -> Result<Vec<String>, &'static str> {
    match document.get("baseCommand") {
        None => Ok(Vec::new()),
        Some(Node::Text(word)) => Ok(vec![literal(word)?]),
        Some(Node::List(words)) => words
            .iter()
            .map(|word| literal(word.text().ok_or("a word of the command is no text")?))
            .collect(),
        Some(Node::Map(_)) => Err("its command is of another kind"),
    }
}

fn position(binding: &Node) -> Result<i64, &'static str> {
    match binding.get("position") {
        None => Ok(0),
        Some(node) => node
            .text()
            .and_then(|text| text.parse().ok())
            .ok_or("a position is no number"),
    }
}

/// A prefix and its value: two words, or one if they are not separate.
fn prefixed(binding: &Node, value: String) -> Result<Vec<String>, &'static str> {
    let separate = match binding.get("separate").map(Node::text) {
        None | Some(Some("true")) => true,
        Some(Some("false")) => false,
        Some(_) => return Err("`separate` is neither true nor false"),
    };
    let Some(prefix) = binding.get("prefix") else {
        return Ok(vec![value]);
    };
    let prefix = literal(prefix.text().ok_or("a prefix is no text")?)?;
    match (separate, value.starts_with('{')) {
        (true, _) => Ok(vec![prefix, value]),
        (false, false) => Ok(vec![format!("{prefix}{value}")]),
        (false, true) => Err("a value is joined with its prefix"),
    }
}

/// Members of a binding that we know.
fn bound(binding: &Node, known: &[&str]) -> Result<(), &'static str> {
    match binding {
        Node::Map(members) if members.iter().all(|(key, _)| known.contains(&key.as_str())) => Ok(()),
        Node::Map(_) | Node::Text(_) | Node::List(_) => Err("a binding has a member that is not known"),
    }
}

fn arguments(document: &Node) -> Result<Vec<Placed>, &'static str> {
    let list = match document.get("arguments") {
        None => return Ok(Vec::new()),
        Some(Node::List(list)) => list,
        Some(_) => return Err("its arguments are no list"),
    };
    list.iter()
        .enumerate()
        .map(|(at, node)| {
            let index = format!("{at:08}");
            match node {
                Node::Text(text) => Ok(((0, false, index), vec![literal(text)?])),
                Node::Map(_) => {
                    bound(node, &["valueFrom", "position", "prefix", "separate"])?;
                    let value = node
                        .get("valueFrom")
                        .and_then(Node::text)
                        .ok_or("an argument has no value")?;
                    Ok(((position(node)?, false, index), prefixed(node, literal(value)?)?))
                }
                Node::List(_) => Err("an argument is of another kind"),
            }
        })
        .collect()
}

fn inputs(document: &Node) -> Result<Vec<Placed>, &'static str> {
    let Some(node) = document.get("inputs") else {
        return Ok(Vec::new());
    };
    let mut placed = Vec::new();
    for (name, node) in entries(node, "id")? {
        let Some(binding) = node.get("inputBinding") else {
            continue;
        };
        bound(binding, &["position", "prefix", "separate"])?;
        let value = match node.get("type").and_then(Node::text) {
            Some("File") => "{input}",
            Some("int" | "long" | "float" | "double") => "{number}",
            Some("string") => "{word}",
            _ => return Err("an input on the command line is of a kind whose words cannot be told"),
        };
        placed.push(((position(binding)?, true, name), prefixed(binding, value.to_owned())?));
    }
    Ok(placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> String {
        format!("docker.io/sample/count@sha256:{}", "0a".repeat(32))
    }

    fn of(more: &str) -> Result<CertifiedTool, &'static str> {
        let front = format!(
            "cwlVersion: v1.2\nclass: CommandLineTool\nhints:\n  DockerRequirement:\n    dockerPull: {}\n",
            image()
        );
        tool("trs://x/count/1", &format!("{front}{more}"))
    }

    #[test]
    fn e77_the_command_of_a_descriptor_is_its_words_in_their_order() {
        let plain = of("baseCommand: [count, -l]\ninputs: {x: {type: File, inputBinding: {position: 1}}}\n").unwrap();
        assert_eq!(plain.command, ["count", "-l", "{input}"]);
        assert_eq!(plain.image, image());
        let placed = of(
            "baseCommand: count\narguments: [-a, {valueFrom: last, position: 9, prefix: --end=, separate: false}]\n\
             inputs:\n  - {id: b, type: int, inputBinding: {prefix: -n, position: 2}}\n  - {id: a, type: string, inputBinding: {position: 2}}\n  - {id: c, type: File}\n\
             requirements:\n  - class: EnvVarRequirement\n    envDef: {LC_ALL: C}\n",
        );
        let placed = placed.unwrap();
        assert_eq!(
            placed.command,
            ["count", "-a", "{word}", "-n", "{number}", "--end=last"]
        );
        assert_eq!(placed.env, ["LC_ALL=C"]);
    }

    #[test]
    fn e77_a_command_that_cannot_be_told_exactly_is_none() {
        for (name, more) in [
            ("an expression", "baseCommand: [count, $(inputs.x)]\n"),
            (
                "a body of JavaScript",
                "baseCommand: count\narguments: ['${return 1}']\n",
            ),
            (
                "a shell",
                "baseCommand: count\nrequirements: {ShellCommandRequirement: {}}\n",
            ),
            (
                "a shell as hint",
                "baseCommand: count\nrequirements: []\nhints2: 1\narguments: [{valueFrom: a, shellQuote: false}]\n",
            ),
            (
                "a file made before",
                "baseCommand: count\nrequirements: {InitialWorkDirRequirement: {listing: []}}\n",
            ),
            (
                "an unknown requirement",
                "baseCommand: count\nrequirements: {EvilRequirement: {}}\n",
            ),
            (
                "a list of files",
                "baseCommand: count\ninputs: {x: {type: 'File[]', inputBinding: {}}}\n",
            ),
            (
                "one that may be absent",
                "baseCommand: count\ninputs: {x: {type: 'File?', inputBinding: {}}}\n",
            ),
            (
                "a value made from it",
                "baseCommand: count\ninputs: {x: {type: File, inputBinding: {valueFrom: a}}}\n",
            ),
            ("a placeholder of ours", "baseCommand: [count, '{word}']\n"),
            ("nothing", "inputs: {}\n"),
            ("a key twice", "baseCommand: count\nbaseCommand: sh\n"),
            ("a workflow", "class: Workflow\n"),
        ] {
            assert!(of(more).is_err(), "{name}");
        }
        let tag =
            "class: CommandLineTool\nbaseCommand: count\nhints: {DockerRequirement: {dockerPull: sample/count:1}}\n";
        assert!(tool("t", tag).is_err(), "an image by tag");
        let none = "class: CommandLineTool\nbaseCommand: count\n";
        assert!(tool("t", none).is_err(), "no image");
    }
}
