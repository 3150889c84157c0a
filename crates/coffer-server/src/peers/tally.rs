//! What `/metrics` tells of peers. The labels are the names in the operator's file.

use coffer_model::Timestamp;
use coffer_pipeline::NotTold;
use coffer_services::secretsmanager::peers::receive::Outcome;
use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, IntGaugeVec, Opts};

/// Counters of what goes to and comes from each peer.
pub(super) struct Tally {
    sent: IntCounterVec,
    reachable: IntGaugeVec,
    received: IntCounterVec,
    strangers: IntCounterVec,
    certificate_expiry: IntGauge,
}

impl Tally {
    /// Counters that begin at nothing, and when this deployment's own certificate ends.
    ///
    /// # Errors
    /// What Prometheus has against them.
    pub(super) fn new(
        names: &[String],
        ends: Option<Timestamp>,
    ) -> Result<Self, prometheus::Error> {
        let sent = IntCounterVec::new(
            Opts::new(
                "coffer_replication_messages_sent_total",
                "Messages to peers about replicas that they hold, by what came of them.",
            ),
            &["peer", "outcome"],
        )?;
        let reachable = IntGaugeVec::new(
            Opts::new(
                "coffer_replication_peer_reachable",
                "Whether the last message to a peer was answered; replicas there are behind while it \
                 is 0.",
            ),
            &["peer"],
        )?;
        let received = IntCounterVec::new(
            Opts::new(
                "coffer_replication_messages_received_total",
                "Messages of peers about replicas here, by what came of them.",
            ),
            &["peer", "outcome"],
        )?;
        let strangers = IntCounterVec::new(
            Opts::new(
                "coffer_replication_strangers_total",
                "Connections to the peers' listener by others than peers.",
            ),
            &[],
        )?;
        strangers.with_label_values::<&str>(&[]);
        let certificate_expiry = IntGauge::new(
            "coffer_replication_certificate_expiry_timestamp_seconds",
            "When the certificate ends that this server shows to peers.",
        )?;
        for name in names {
            for outcome in [ANSWERED, UNREACHABLE] {
                sent.with_label_values(&[name.as_str(), outcome]);
            }
            for outcome in [TAKEN, REFUSED, FORBIDDEN, FAILED] {
                received.with_label_values(&[name.as_str(), outcome]);
            }
        }
        let tally = Self { sent, reachable, received, strangers, certificate_expiry };
        tally.certificate_ends(ends);
        Ok(tally)
    }

    /// Takes when the certificate ends that is shown to peers.
    pub(super) fn certificate_ends(&self, at: Option<Timestamp>) {
        self.certificate_expiry.set(at.map_or(0, Timestamp::as_secs));
    }

    /// Counts a message that was sent.
    pub(super) fn told(&self, peer: &str, answer: &Result<Vec<u8>, NotTold>) {
        let is_answered = match answer {
            Ok(_) => true,
            Err(NotTold { is_busy: true, .. }) => return,
            Err(_) => false,
        };
        let outcome = if is_answered { ANSWERED } else { UNREACHABLE };
        self.sent.with_label_values(&[peer, outcome]).inc();
        self.reachable.with_label_values(&[peer]).set(i64::from(is_answered));
    }

    /// Counts a message that came; nothing where nothing could be decided.
    pub(super) fn received(&self, peer: &str, outcome: Option<&Outcome>) {
        let outcome = match outcome {
            Some(Outcome::Taken) => TAKEN,
            Some(Outcome::Refused(_)) => REFUSED,
            Some(Outcome::Forbidden(_)) => FORBIDDEN,
            None => FAILED,
        };
        self.received.with_label_values(&[peer, outcome]).inc();
    }

    /// Counts somebody who is no peer.
    pub(super) fn stranger(&self) {
        self.strangers.with_label_values::<&str>(&[]).inc();
    }

    /// All of it.
    pub(super) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.sent.clone()),
            Box::new(self.reachable.clone()),
            Box::new(self.received.clone()),
            Box::new(self.strangers.clone()),
            Box::new(self.certificate_expiry.clone()),
        ]
    }
}

const ANSWERED: &str = "answered";
const UNREACHABLE: &str = "unreachable";
const TAKEN: &str = "taken";
const REFUSED: &str = "refused";
const FORBIDDEN: &str = "forbidden";
const FAILED: &str = "failed";
