//! What the registry holds: descriptors made from the programs that the TES runs.

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::Tool;

/// The one version of each tool.
pub(super) const VERSION: &str = "1.0";
/// Programs that become tools, each with the options of its own command.
const PROGRAMS: [(&str, &[&str]); 4] = [("wc", &["-l"]), ("sha256sum", &[]), ("sort", &[]), ("cat", &[])];

/// A file of a tool.
pub(super) struct File {
    /// Its path.
    pub(super) path: &'static str,
    /// `PRIMARY_DESCRIPTOR` and its like.
    pub(super) kind: &'static str,
    /// Its text.
    pub(super) text: String,
}

/// A tool or workflow.
pub(super) struct Entry {
    /// Its id: holds `/`, and `#` in front of a workflow.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// `CommandLineTool` or `Workflow`.
    pub(super) class: &'static str,
    /// What it does.
    pub(super) description: String,
    /// Its images by digest.
    pub(super) images: Vec<String>,
    /// Its files, the main one first.
    pub(super) files: Vec<File>,
}

/// The SHA-256 of a text.
pub(super) fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes())
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// All entries, from the programs that are there.
pub(super) fn entries(tools: &[Tool]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = PROGRAMS
        .iter()
        .filter_map(|(name, options)| {
            let tool = tools.iter().find(|tool| tool.name == *name)?;
            Some(program(tool, options))
        })
        .collect();
    if let Some(wc) = tools.iter().find(|tool| tool.name == "wc") {
        entries.push(workflow(wc));
    }
    entries
}

fn descriptor(tool: &Tool, options: &[&str]) -> String {
    let words: Vec<String> = std::iter::once(tool.name.as_str())
        .chain(options.iter().copied())
        .map(|word| format!("\"{word}\""))
        .collect();
    format!(
        "cwlVersion: v1.2\nclass: CommandLineTool\nhints:\n  DockerRequirement:\n    dockerPull: {}\n\
         baseCommand: [{}]\ninputs:\n  file:\n    type: File\n    inputBinding:\n      position: 1\n\
         outputs:\n  told:\n    type: stdout\nstdout: told.txt\n",
        tool.image,
        words.join(", ")
    )
}

fn test(path: &'static str) -> File {
    let text = json!({ "file": { "class": "File", "location": "drs://data.example.org/a-cohort.vcf" } });
    File {
        path,
        kind: "TEST_FILE",
        text: text.to_string(),
    }
}

fn container(tool: &Tool) -> File {
    File {
        path: "Containerfile",
        kind: "CONTAINERFILE",
        text: format!(
            "# {} is a program of this machine, named by its digest\nFROM scratch\n",
            tool.image
        ),
    }
}

fn program(tool: &Tool, options: &[&str]) -> Entry {
    let main = File {
        path: "tool.cwl",
        kind: "PRIMARY_DESCRIPTOR",
        text: descriptor(tool, options),
    };
    Entry {
        id: format!("sample/{}", tool.name),
        name: tool.name.clone(),
        class: "CommandLineTool",
        description: format!("{} of this machine, over one file", tool.name),
        images: vec![tool.image.clone()],
        files: vec![main, test("test.json"), container(tool)],
    }
}

fn workflow(wc: &Tool) -> Entry {
    let main = "cwlVersion: v1.2\nclass: Workflow\ninputs:\n  file: File\noutputs:\n  told:\n    type: File\n    \
                outputSource: count/told\nsteps:\n  count:\n    run: tools/wc.cwl\n    in: {file: file}\n    out: [told]\n";
    let files = vec![
        File {
            path: "count.cwl",
            kind: "PRIMARY_DESCRIPTOR",
            text: main.to_owned(),
        },
        File {
            path: "tools/wc.cwl",
            kind: "SECONDARY_DESCRIPTOR",
            text: descriptor(wc, &["-l"]),
        },
        test("test.json"),
        container(wc),
    ];
    Entry {
        id: "#workflow/biobank.example.org/count".to_owned(),
        name: "count".to_owned(),
        class: "Workflow",
        description: "counts the lines of a file".to_owned(),
        images: vec![wc.image.clone()],
        files,
    }
}

impl Entry {
    /// A version, as the API tells it.
    pub(super) fn version(&self, url: &str) -> Value {
        let images = self.images.iter().map(|image| {
            let digest = image.rsplit_once(':').map_or("", |(_, digest)| digest);
            json!({ "registry_host": "docker.io", "image_name": image, "image_type": "Docker",
                "checksum": [{ "type": "sha-256", "checksum": digest }] })
        });
        json!({
            "id": VERSION, "name": VERSION, "url": url, "author": ["Sample node"], "is_production": true,
            "images": images.collect::<Vec<_>>(), "descriptor_type": ["CWL"],
            "descriptor_type_version": { "CWL": ["v1.2"] }, "containerfile": true, "meta_version": "1",
            "verified": true, "verified_source": ["the sample node"], "signed": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_names_the_program_by_its_digest() {
        let tool = Tool {
            name: "wc".into(),
            program: "wc".to_owned(),
            path: "/usr/bin/wc".into(),
            digest: "0a".repeat(32),
            image: format!("sample/wc@sha256:{}", "0a".repeat(32)),
            shell: false,
            holds: None,
        };
        let all = entries(std::slice::from_ref(&tool));
        assert_eq!(
            all.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(),
            ["sample/wc", "#workflow/biobank.example.org/count"]
        );
        assert!(all[0].files[0].text.contains(&tool.image));
        assert!(all[0].files[0].text.contains("baseCommand: [\"wc\", \"-l\"]"));
        assert_eq!(
            all[1].files[1].text, all[0].files[0].text,
            "the workflow's step is the tool"
        );
    }
}
