//! Files over REST: written, read back, refused, deleted.

use jupyterhub_client::{FileFormat, Stage};
use serde_json::json;

use crate::at::{At, refused};

cases!(EVERY_VERSION: "contents" => text, two_mebibytes, base64, notebooks, what_is_missing);

async fn text(at: At) {
    let jupyter = at.jupyter().await;
    let (path, words) = ("note é ?#%.txt", "first\nsecond é\n");
    let saved = jupyter
        .save_file(path, FileFormat::Text, words)
        .await
        .unwrap();
    assert_eq!((&*saved.path, &*saved.kind), (path, "file"));
    assert!(saved.content.is_null() && saved.last_modified.is_some());
    let read = jupyter
        .contents(path, true, Some(FileFormat::Text))
        .await
        .unwrap();
    assert_eq!(
        (read.content, read.format.as_deref()),
        (json!(words), Some("text"))
    );
    assert_eq!(
        (read.size, read.writable),
        (Some(words.len() as u64), Some(true))
    );
    // Written over.
    jupyter
        .save_file(path, FileFormat::Text, "third")
        .await
        .unwrap();
    let read = jupyter.contents(path, true, None).await.unwrap();
    assert_eq!((read.content, &*read.name), (json!("third"), path));
    let without = jupyter.contents(path, false, None).await.unwrap();
    assert!(
        without.content.is_null() && without.size == Some(5),
        "{without:?}"
    );
    jupyter.delete_contents(path).await.unwrap();
    // In plain text, unlike all other refusals.
    let error = refused(jupyter.contents(path, false, None).await, 404, "");
    assert!(error.body().unwrap().ends_with("does not exist"), "{error}");
}

async fn two_mebibytes(at: At) {
    let jupyter = at.jupyter().await;
    // As JSON each of these characters takes six bytes.
    let words = "é".repeat(1 << 20);
    let saved = jupyter
        .save_file("large.txt", FileFormat::Text, &words)
        .await
        .unwrap();
    assert_eq!(saved.size, Some(2 << 20));
    let read = jupyter
        .contents("large.txt", true, Some(FileFormat::Text))
        .await
        .unwrap();
    assert!(
        read.content.as_str() == Some(&*words),
        "not as it was written"
    );
    jupyter.delete_contents("large.txt").await.unwrap();
}

async fn base64(at: At) {
    let jupyter = at.jupyter().await;
    jupyter
        .save_file("bytes.bin", FileFormat::Base64, "AP/+gA==")
        .await
        .unwrap();
    let read = jupyter
        .contents("bytes.bin", true, Some(FileFormat::Base64))
        .await
        .unwrap();
    assert_eq!(read.content.as_str().map(str::trim), Some("AP/+gA=="));
    assert_eq!(
        (read.size, read.format.as_deref()),
        (Some(4), Some("base64"))
    );
    refused(
        jupyter
            .contents("bytes.bin", true, Some(FileFormat::Text))
            .await,
        400,
        "not UTF-8",
    );
    jupyter.delete_contents("bytes.bin").await.unwrap();
}

async fn notebooks(at: At) {
    let jupyter = at.jupyter().await;
    let cell = json!({"cell_type": "code", "id": "a1", "metadata": {}, "source": "6*7", "outputs": [], "execution_count": null});
    let notebook = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]});
    let saved = jupyter
        .save_notebook("sums.ipynb", &notebook)
        .await
        .unwrap();
    assert_eq!(saved.kind, "notebook");
    let read = jupyter.contents("sums.ipynb", true, None).await.unwrap();
    assert_eq!(read.format.as_deref(), Some("json"));
    assert_eq!(read.content["cells"][0]["source"], "6*7");
    jupyter.delete_contents("sums.ipynb").await.unwrap();
    let broken = jupyter
        .save_notebook("broken.ipynb", &json!({"cells": 3}))
        .await
        .unwrap_err();
    assert!(matches!(broken.status(), Some(400 | 500)), "{broken}");
}

async fn what_is_missing(at: At) {
    let jupyter = at.jupyter().await;
    let root = jupyter.contents("", true, None).await.unwrap();
    assert_eq!((&*root.kind, root.content.is_array()), ("directory", true));
    let inside = "no such/directory/note.txt";
    let saved = jupyter.save_file(inside, FileFormat::Text, "x").await;
    refused(saved, 500, "[Errno 2] No such file or directory");
    refused(jupyter.contents(inside, true, None).await, 404, "");
    refused(jupyter.delete_contents(inside).await, 404, "");
    let error = jupyter.delete_contents("/").await.unwrap_err();
    assert!(matches!(error.stage, Stage::Setup { .. }), "{error}");
}
