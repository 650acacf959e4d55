//! Objects of Kubernetes: by its own schemas, strictly, and what a container of ours runs is run, with the files that the
//! objects bring and the environment that they say, as the user that they name. Templates of Helm are not looked into.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::user::{User, give};
use crate::kinds::yaml;
use crate::stage::Stage;

/// Tries all documents of a block.
///
/// # Errors
/// What is wrong in one.
pub fn attempt(stage: &mut Stage<'_>, text: &str) -> Result<(), String> {
    super::validate("kubernetes-validate", &["--strict"], text, &stage.dir)?;
    let mut documents = Vec::new();
    for document in text.split("\n---\n") {
        documents.push(yaml(document)?);
    }
    for map in documents.iter().filter(|one| one["kind"] == "ConfigMap") {
        let name = map["metadata"]["name"].as_str().unwrap_or_default();
        for (file, content) in map["data"].as_object().into_iter().flatten() {
            let content = content.as_str().ok_or("data that is no text")?;
            let to = stage.dir.join("maps").join(name).join(file);
            stage.write(&to.to_string_lossy(), content);
        }
    }
    for document in &documents {
        let job = match document["kind"].as_str() {
            Some("CronJob") => &document["spec"]["jobTemplate"]["spec"],
            Some("Job") => &document["spec"],
            _ => continue,
        };
        let pod = &job["template"]["spec"];
        let limit = job["activeDeadlineSeconds"].as_u64().ok_or(
            "no activeDeadlineSeconds: a pod that hangs would keep the next night's from running",
        )?;
        for container in pod["containers"].as_array().into_iter().flatten() {
            let line = run(stage, pod, container)?;
            super::long_enough(Duration::from_secs(limit), &line)?;
        }
    }
    Ok(())
}

/// Runs a container's arguments, with its volumes of configuration in place; the line that was run.
fn run(stage: &mut Stage<'_>, pod: &Value, container: &Value) -> Result<String, String> {
    let volumes = pod["volumes"].as_array().cloned().unwrap_or_default();
    for mount in container["volumeMounts"].as_array().into_iter().flatten() {
        let volume = volumes
            .iter()
            .find(|volume| volume["name"] == mount["name"]);
        let volume = volume.ok_or(format!("no volume for the mount {mount}"))?;
        let place = mount["mountPath"].as_str().unwrap_or_default();
        if let Some(map) = volume["configMap"]["name"].as_str() {
            let files = stage.dir.join("maps").join(map);
            for file in std::fs::read_dir(files)
                .map_err(|_| format!("the page shows no ConfigMap {map}"))?
            {
                let file = file.unwrap();
                let to = stage.here(&format!("{place}/{}", file.file_name().to_string_lossy()));
                std::fs::create_dir_all(std::path::Path::new(&to).parent().unwrap()).unwrap();
                std::fs::copy(file.path(), to).unwrap();
            }
        }
    }
    let mut variables = Vec::new();
    for one in container["env"].as_array().into_iter().flatten() {
        if let (Some(name), Some(value)) = (one["name"].as_str(), one["value"].as_str()) {
            variables.push((name.to_owned(), value.to_owned()));
        }
    }
    let args = container["args"].as_array().cloned().unwrap_or_default();
    let args: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
    let line = format!("/usr/local/bin/hubprobe {}", args.join(" "));
    let lent = stage.here(&line);
    stage.lend(&lent);
    let id = |key: &str| {
        let id = pod["securityContext"][key].as_u64();
        id.and_then(|id| u32::try_from(id).ok())
            .ok_or(format!("the pod's securityContext has no {key}"))
    };
    let user = User {
        uid: id("runAsUser")?,
        gid: id("runAsGroup")?,
    };
    let group = id("fsGroup")?;
    for mount in container["volumeMounts"].as_array().into_iter().flatten() {
        let place = stage.here(mount["mountPath"].as_str().unwrap_or_default());
        let place = Path::new(&place);
        let volume = volumes
            .iter()
            .find(|volume| volume["name"] == mount["name"]);
        if volume.is_some_and(|volume| !volume["emptyDir"].is_null()) {
            std::fs::remove_dir_all(place).ok();
        }
        std::fs::create_dir_all(place).unwrap();
        let secret = &volume.unwrap_or(&Value::Null)["secret"];
        if secret.is_null() {
            // Everybody's, as the kubelet makes an emptyDir, and the suite is no secret.
            give(place, 0, group, 0o2777);
            continue;
        }
        let mode = octal(&secret["defaultMode"]).unwrap_or(0o644);
        for file in std::fs::read_dir(place).unwrap().flatten() {
            give(&file.path(), 0, group, mode);
        }
        give(place, 0, group, 0o2755);
    }
    user.run(stage, &line, &variables)?;
    Ok(line)
}

/// A mode as it is typed: the 0 before it makes it octal for Kubernetes, and this reader of YAML 1.2 takes it for 440.0.
fn octal(typed: &Value) -> Option<u32> {
    u32::from_str_radix(&typed.as_f64()?.to_string(), 8).ok()
}
