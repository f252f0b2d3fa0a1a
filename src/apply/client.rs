//! The API client as apply's cloud: words of the one turned into words of the other.

use super::context::{Cloud, Seen, Target};
use crate::cloud::{Call, Client, Job, Listing, Outcome, Presence, ReadError};
use crate::diag::Diagnostic;
use crate::model::{Attributes, Ident, JobId, Value};
use crate::plan::ListRead;
use futures::FutureExt;
use futures::future::BoxFuture;

impl Cloud for Client {
    fn call(&self, call: Call) -> BoxFuture<'_, Outcome> {
        async move { Client::call(self, &call).await }.boxed()
    }

    fn read(&self, target: Target) -> BoxFuture<'_, Seen> {
        async move {
            match self.presence(&target.kind, &target.id, &target.attributes).await {
                Ok(Presence::Present(observed)) => Seen::Found(Box::new(observed)),
                Ok(Presence::Gone) => Seen::Gone,
                Ok(Presence::Hidden) => Seen::Hidden,
                Ok(Presence::Unknown(why)) => Seen::Unseeable(why),
                Err(error) => Seen::Unread(words(&error)),
            }
        }
        .boxed()
    }

    fn list(&self, list: ListRead) -> BoxFuture<'_, Result<Listing, String>> {
        async move {
            let parent = list.parent.iter().map(|(name, id)| (name.clone(), Value::string(id.as_str()))).collect();
            Client::list(self, &list.kind, &parent).await.map_err(|error| words(&error))
        }
        .boxed()
    }

    fn jobs(&self, surface: Ident, ids: Vec<JobId>) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        async move { Client::jobs(self, &surface, &ids).await.map_err(|error| words(&error)) }.boxed()
    }

    fn recent_jobs(&self, surface: Ident) -> BoxFuture<'_, Result<Vec<Job>, String>> {
        async move { Ok(self.all_jobs(&surface).await.map_err(|error| words(&error))?.unwrap_or_default()) }.boxed()
    }

    fn source(&self, source: Ident, arguments: Attributes) -> BoxFuture<'_, Result<Value, String>> {
        async move {
            let attributes = Client::source(self, &source, &arguments).await.map_err(|error| words(&error))?;
            Ok(Value::object(attributes.into_iter().map(|(name, value)| (name.0, value)).collect()))
        }
        .boxed()
    }

    fn refusal(&self) -> Option<Diagnostic> {
        Client::refusal(self).map(ReadError::diagnostic)
    }

    fn lacks(&self, list: &ListRead) -> bool {
        self.lacks_list(&list.kind)
    }

    fn dies_with_sender(&self) -> bool {
        Client::dies_with_sender(self)
    }

    fn honours_keys(&self, surface: &Ident) -> bool {
        Client::honours_keys(self, surface)
    }

    fn clock_ahead(&self) -> i64 {
        Client::clock_ahead(self)
    }

    fn budgets(&self) -> Vec<(Ident, u32, u32)> {
        Client::budgets(self)
    }

    fn requests(&self) -> u32 {
        u32::try_from(self.requests_sent()).unwrap_or(u32::MAX)
    }
}

fn words(error: &ReadError) -> String {
    let told = error.diagnostic();
    if told.message.is_empty() { told.code.title.to_owned() } else { told.message }
}
