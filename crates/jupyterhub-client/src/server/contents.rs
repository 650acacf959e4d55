//! Files and notebooks over REST (the contents API).

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::JupyterServer;
use crate::error::Error;
use crate::http::Call;
use crate::model::Content;
use crate::place;

/// The largest answer with a file's content, in bytes of JSON, which writes each character beyond ASCII as six.
const LIMIT: usize = 64 << 20;

/// How a file's content rides in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// As it is; the file is UTF-8 text.
    Text,
    /// In base64; any file.
    Base64,
}

impl FileFormat {
    fn word(self) -> &'static str {
        match self {
            FileFormat::Text => "text",
            FileFormat::Base64 => "base64",
        }
    }
}

impl JupyterServer {
    fn contents_url(&self, operation: &'static str, path: &str) -> Result<Url, Error> {
        let path = place::path(path)
            .map_err(|message| Error::setup(operation, place::shown(&self.url), message))?;
        Ok(self.below(&format!("api/contents/{path}")))
    }

    /// `GET api/contents/{path}`: a file, notebook or directory (the empty path is the root directory), with its
    /// content if asked. `format` makes a file come in that format; without it the server chooses.
    ///
    /// # Errors
    /// Any stage; 404 in plain text, not JSON, if it is not there; [`crate::Stage::Body`] if it is larger than 64 MiB
    /// as JSON.
    pub async fn contents(
        &self,
        path: &str,
        content: bool,
        format: Option<FileFormat>,
    ) -> Result<Content, Error> {
        self.contents_up_to(path, content, format, LIMIT).await
    }

    /// As [`Self::contents`], but no more than `limit` bytes of JSON: whoever knows how large a file is (base64 takes
    /// four bytes for three, and a line's end now and then) need not take whatever a server pours out.
    ///
    /// # Errors
    /// As [`Self::contents`].
    pub async fn contents_up_to(
        &self,
        path: &str,
        content: bool,
        format: Option<FileFormat>,
        limit: usize,
    ) -> Result<Content, Error> {
        let operation = "read file";
        let mut url = self.contents_url(operation, path)?;
        let mut query = format!("content={}", u8::from(content));
        if let Some(format) = format {
            query.push_str("&type=file&format=");
            query.push_str(format.word());
        }
        url.set_query(Some(&query));
        let call = Call {
            limit,
            ..self.call(operation, Method::GET, url)
        };
        Ok(self.ask(call).await?.value)
    }

    /// `PUT api/contents/{path}`: writes a file whole. The answer has no content.
    ///
    /// # Errors
    /// Any stage; 403 without permission, 500 with the system's words for a full disk or a missing
    /// directory, 413 from a proxy.
    pub async fn save_file(
        &self,
        path: &str,
        format: FileFormat,
        content: &str,
    ) -> Result<Content, Error> {
        self.save(
            path,
            &json!({ "type": "file", "format": format.word(), "content": content }),
        )
        .await
    }

    /// `PUT api/contents/{path}`: writes a notebook (nbformat 4).
    ///
    /// # Errors
    /// As [`JupyterServer::save_file`]; 400 or 500 for one that is not valid.
    pub async fn save_notebook(&self, path: &str, notebook: &Value) -> Result<Content, Error> {
        self.save(
            path,
            &json!({ "type": "notebook", "format": "json", "content": notebook }),
        )
        .await
    }

    /// `PUT api/contents/{path}`: makes a directory; one that is there stays as it is.
    ///
    /// # Errors
    /// As [`JupyterServer::save_file`].
    pub async fn make_directory(&self, path: &str) -> Result<Content, Error> {
        self.save(path, &json!({ "type": "directory" })).await
    }

    async fn save(&self, path: &str, body: &Value) -> Result<Content, Error> {
        let operation = "write file";
        let url = self.contents_url(operation, path)?;
        Ok(self
            .ask(self.call_with(operation, Method::PUT, url, body))
            .await?
            .value)
    }

    /// `DELETE api/contents/{path}`: a file, a notebook, or an empty directory.
    ///
    /// # Errors
    /// Any stage; [`crate::Stage::Setup`] for the empty path, 404 if it is not there.
    pub async fn delete_contents(&self, path: &str) -> Result<(), Error> {
        let operation = "delete file";
        if path.trim_matches('/').is_empty() {
            return Err(Error::setup(
                operation,
                place::shown(&self.url),
                "the root directory cannot be deleted: name a file",
            ));
        }
        let url = self.contents_url(operation, path)?;
        self.tell(self.call(operation, Method::DELETE, url)).await
    }
}
