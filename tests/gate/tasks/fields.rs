//! The grammar of a task's fields (E24, E26, E29).

use serde_json::json;

use super::Gate;

#[tokio::test(flavor = "multi_thread")]
async fn e24_backend_parameters_and_zones_are_those_of_the_node_or_none() {
    let gate = Gate::start().await;
    let cases = [
        (
            "a parameter",
            json!({"resources": {"backend_parameters": {"vm_size": "xl"}}}),
            400,
            "task.backend_parameter",
        ),
        (
            "in other letter case",
            json!({"resources": {"backend_parameters": {"VM_Size": "xl"}}}),
            400,
            "task.backend_parameter",
        ),
        (
            "not strict",
            json!({"resources": {"backend_parameters": {"workflow_execution_identity": "root"}, "backend_parameters_strict": false}}),
            400,
            "task.backend_parameter",
        ),
        (
            "a zone",
            json!({"resources": {"zones": ["us-east-1"]}}),
            400,
            "task.zone_unknown",
        ),
        (
            "an unknown resource",
            json!({"resources": {"docker_host_user": "0"}}),
            400,
            "request.body",
        ),
        (
            "camel case",
            json!({"resources": {"backendParameters": {"a": "b"}}}),
            400,
            "request.body",
        ),
        (
            "too much memory",
            json!({"resources": {"ram_gb": 1e9}}),
            400,
            "task.resources",
        ),
        (
            "less than nothing",
            json!({"resources": {"disk_gb": -1.0}}),
            400,
            "task.resources",
        ),
        (
            "what is plain",
            json!({"resources": {"cpu_cores": 2, "ram_gb": 1.5, "disk_gb": 4.0, "preemptible": true}}),
            200,
            "",
        ),
    ];
    gate.tried(&gate.task(), &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e26_argument_injection_is_refused_field_by_field() {
    let gate = Gate::start().await;
    let cases = [
        (
            "name with quotes",
            json!({"name": "x\" --privileged -v /:/host \""}),
            400,
            "task.text_quoting",
        ),
        (
            "name with an expansion",
            json!({"name": "$(id)"}),
            400,
            "task.text_quoting",
        ),
        ("name with a line", json!({"name": "a\nb"}), 400, "task.text_control"),
        (
            "description with an escape",
            json!({"description": "\u{1b}[31m"}),
            400,
            "task.text_control",
        ),
        (
            "tag with quotes",
            json!({"tags": {"a": "\" -v /:/host"}}),
            400,
            "task.text_quoting",
        ),
        (
            "tag's name with backticks",
            json!({"tags": {"`id`": "a"}}),
            400,
            "task.text_quoting",
        ),
        (
            "tag's name is empty",
            json!({"tags": {"": "a"}}),
            400,
            "task.tags_empty",
        ),
        (
            "tag of ours",
            json!({"tags": {"VISUM.owner": "a"}}),
            400,
            "task.tags_reserved",
        ),
        (
            "tag that backends act on",
            json!({"tags": {"ms_submitter": "root"}}),
            400,
            "task.tag_acted_on",
        ),
        (
            "environment's name",
            json!({"executors": [{"env": {"A B": "x"}}]}),
            400,
            "task.env_name",
        ),
        (
            "environment's value with quotes",
            json!({"executors": [{"env": {"A": "x\" -v /:/host"}}]}),
            400,
            "task.text_quoting",
        ),
        (
            "environment's value with a line",
            json!({"executors": [{"env": {"A": "x\ny"}}]}),
            400,
            "task.text_control",
        ),
        (
            "a loader's variable",
            json!({"executors": [{"env": {"LD_PRELOAD": "/data/in"}}]}),
            400,
            "task.env_denied",
        ),
        (
            "keys of a cloud",
            json!({"executors": [{"env": {"aws_access_key_id": "x"}}]}),
            400,
            "task.env_denied",
        ),
        (
            "a web proxy",
            json!({"executors": [{"env": {"https_proxy": "x"}}]}),
            400,
            "task.env_denied",
        ),
        (
            "workdir with an option",
            json!({"executors": [{"workdir": "/data/--privileged/-v"}]}),
            400,
            "task.path",
        ),
        (
            "workdir with a quote",
            json!({"executors": [{"workdir": "/data/\"x"}]}),
            400,
            "task.path",
        ),
        (
            "workdir with a colon",
            json!({"executors": [{"workdir": "/data:/host"}]}),
            400,
            "task.path",
        ),
        (
            "workdir not absolute",
            json!({"executors": [{"workdir": "data"}]}),
            400,
            "task.path",
        ),
        (
            "stdout with a climb",
            json!({"executors": [{"stdout": "/data/../etc/x"}]}),
            400,
            "task.path",
        ),
        (
            "stdout in the system",
            json!({"executors": [{"stdout": "/etc/cron.d/x"}]}),
            400,
            "task.path",
        ),
        (
            "stdout over an input",
            json!({"executors": [{"stdout": "/data/in"}]}),
            400,
            "task.stream_overlap",
        ),
        (
            "stdin of nowhere",
            json!({"executors": [{"stdin": "/secret/x"}]}),
            400,
            "task.stdin",
        ),
        (
            "stdin of the input",
            json!({"executors": [{"stdin": "/data/in"}]}),
            200,
            "",
        ),
        (
            "input's path with a line",
            json!({"inputs": [{"path": "/data/in\n-v"}]}),
            400,
            "task.path",
        ),
        (
            "input's path with two slashes",
            json!({"inputs": [{"path": "/data//in"}]}),
            400,
            "task.path",
        ),
        (
            "input over a program",
            json!({"inputs": [{"path": "/usr/bin/wc"}]}),
            400,
            "task.path",
        ),
        (
            "output's path is the root",
            json!({"outputs": [{"path": "/"}]}),
            400,
            "task.path",
        ),
        (
            "a command with NUL",
            json!({"executors": [{"command": ["a\u{0}b"]}]}),
            400,
            "request.body",
        ),
        (
            "no command",
            json!({"executors": [{"command": []}]}),
            400,
            "task.command",
        ),
        (
            "what is plain",
            json!({"name": "count 1", "tags": {"project": "P1"}, "executors": [{"workdir": "/work", "env": {"A": "x y"}}]}),
            200,
            "",
        ),
    ];
    gate.tried(&gate.task(), &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn e29_volumes_lie_over_nothing_that_is_there() {
    let gate = Gate::start().await;
    let cases = [
        ("the system's folder", json!({"volumes": ["/etc"]}), 400, "task.path"),
        ("below it", json!({"volumes": ["/etc/ssl/certs"]}), 400, "task.path"),
        (
            "the engine's socket",
            json!({"volumes": ["/var/run/docker.sock"]}),
            400,
            "task.path",
        ),
        ("programs", json!({"volumes": ["/usr/bin"]}), 400, "task.path"),
        (
            "the engine's own folder",
            json!({"volumes": ["/var/lib/docker"]}),
            400,
            "task.path",
        ),
        ("the root", json!({"volumes": ["/"]}), 400, "task.path"),
        ("a climb", json!({"volumes": ["/scratch/../etc"]}), 400, "task.path"),
        ("a mount", json!({"volumes": ["/host:/x"]}), 400, "task.path"),
        ("not absolute", json!({"volumes": ["scratch"]}), 400, "task.path"),
        (
            "the input itself",
            json!({"volumes": ["/data/in"]}),
            400,
            "task.volume_overlap",
        ),
        (
            "around an input",
            json!({"volumes": ["/data"]}),
            400,
            "task.volume_overlap",
        ),
        (
            "inside of an input",
            json!({"volumes": ["/data/in/x"]}),
            400,
            "task.volume_overlap",
        ),
        (
            "an output",
            json!({"volumes": ["/data/out"]}),
            400,
            "task.volume_overlap",
        ),
        (
            "one inside another",
            json!({"volumes": ["/scratch", "/scratch/x"]}),
            400,
            "task.volume_overlap",
        ),
        ("one of its own", json!({"volumes": ["/scratch"]}), 200, ""),
    ];
    gate.tried(&gate.task(), &cases).await;
}
