//! What is outside of the process, for jobs: documents on the internet, and databases.

use async_trait::async_trait;
use coffer_model::Sensitive;
use coffer_pipeline::{Outside, RotatorStep, Unreachable};

use crate::databases::Databases;
use crate::internet::Internet;

/// All that jobs can reach.
pub(crate) struct Beyond {
    pub(crate) internet: Internet,
    pub(crate) databases: Databases,
}

#[async_trait]
impl Outside for Beyond {
    async fn get(&self, url: &str) -> Result<Vec<u8>, Unreachable> {
        self.internet.get(url).await
    }

    fn is_plain(&self, host: &str) -> bool {
        self.internet.is_plain(host)
    }

    async fn rotate(&self, step: RotatorStep) -> Result<Option<Sensitive<String>>, Unreachable> {
        self.databases.rotate(step).await.map_err(Unreachable)
    }
}
