//! Notebooks that run cell by cell: what a cell raises, what it shows, how long it takes, and the kernel under it.

use super::super::case::Case;
use super::super::wording::{green, red};
use crate::vocabulary::Cause::{
    KernelDied, KernelNoSpec, NotebookDiffers, NotebookError, NotebookTimeout,
};

/// A notebook of one cell.
macro_rules! cell {
    ($source:literal, $outputs:literal) => {
        concat!(
            r#"{"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": {"name": "python3", "language": "python"}}, "#,
            r#""cells": [{"cell_type": "code", "metadata": {}, "execution_count": 1, "source": ""#,
            $source,
            r#"", "outputs": ["#,
            $outputs,
            "]}]}"
        )
    };
}

const RUNS: &[&str] = &["notebook: { path: n.ipynb }"];
const COMPARED: &[&str] = &[
    "notebook: { path: n.ipynb, compare: outputs, sanitize: [{ regex: '0x[0-9a-f]+', replace: ADDRESS }] }",
];

pub(super) const CASES: &[Case] = &[
    red(
        "notebook-error",
        NotebookError,
        "a package that a notebook wants is not installed",
    )
    .steps(RUNS)
    .files(&[("n.ipynb", cell!("import no_such_package", ""))])
    .fast(),
    red(
        "notebook-input",
        NotebookError,
        "a notebook asks a question, and nobody is there",
    )
    .steps(RUNS)
    .files(&[("n.ipynb", cell!("input()", ""))]),
    red(
        "notebook-differs",
        NotebookDiffers,
        "a notebook shows another value than in its file",
    )
    .steps(COMPARED)
    .files(&[(
        "n.ipynb",
        cell!(
            "print(6*7)",
            r#"{"output_type": "stream", "name": "stdout", "text": "43\n"}"#
        ),
    )])
    .fast(),
    red(
        "notebook-timeout",
        NotebookTimeout,
        "a cell of a notebook does not end in its time",
    )
    .steps(&["notebook: { path: n.ipynb, timeout: 2s }"])
    .files(&[("n.ipynb", cell!("import time; time.sleep(600)", ""))]),
    red(
        "notebook-died",
        KernelDied,
        "the kernel of a notebook is killed in a cell, as for want of memory",
    )
    .steps(RUNS)
    .files(&[("n.ipynb", cell!("import os; os.kill(os.getpid(), 9)", ""))]),
    red(
        "notebook-no-kernel",
        KernelNoSpec,
        "the kernel that a notebook is to run in is not installed",
    )
    .steps(&["notebook: { path: n.ipynb, kernel: fortran }"])
    .files(&[("n.ipynb", cell!("1", ""))]),
    green(
        "green-notebook",
        "a notebook that shows what it should, but for an address",
    )
    .steps(COMPARED)
    .files(&[(
        "n.ipynb",
        cell!(
            "object()",
            r#"{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "<object at 0x7f00>"}}"#
        ),
    )]),
];
