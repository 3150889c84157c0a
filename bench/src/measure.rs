//! What is measured of servers that stand side by side: CPU time for each request, and latencies.

use crate::load::{self, Closed, Requests};
use crate::process::Server;

/// A server, and what it is asked.
pub(crate) struct Served<'a> {
    pub(crate) server: &'a Server,
    pub(crate) requests: Requests,
}

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Amount {
    /// Requests in each round whose CPU is counted, for each server.
    pub(crate) requests: usize,
    /// Rounds whose median is told.
    pub(crate) rounds: usize,
}

/// What was measured of one server: medians of the rounds.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    /// CPU time of the server for each request, in microseconds.
    pub(crate) cpu_us: f64,
    /// Half of the answers took at most this, in microseconds.
    pub(crate) p50_us: f64,
    /// 99 in a hundred answers took at most this, in microseconds.
    pub(crate) p99_us: f64,
}

/// Measures servers side by side: their CPU time, and latencies at [`RATE_PER_SECOND`].
///
/// # Errors
/// A server that hangs up, or answers anything but 200.
pub(crate) async fn side_by_side(
    served: &mut [Served<'_>],
    amount: Amount,
) -> Result<Vec<Figures>, String> {
    let mut rounds: Vec<Vec<Figures>> = served.iter().map(|_| Vec::new()).collect();
    for round in 0..=amount.rounds {
        let cpu_us = cpu_us(served, amount.requests)?;
        for ((one, figures), cpu_us) in served.iter().zip(&mut rounds).zip(cpu_us) {
            let [p50_us, p99_us] = latencies_us(one).await?;
            // The first round warms everything up.
            if round > 0 {
                figures.push(Figures { cpu_us, p50_us, p99_us });
            }
        }
    }
    Ok(rounds.into_iter().map(|figures| medians(&figures)).collect())
}

/// CPU time of each server for each of its requests, in microseconds. The servers are loaded in
/// short turns, so that whatever else the machine does falls on all of them.
pub(crate) fn cpu_us(served: &mut [Served<'_>], requests: usize) -> Result<Vec<f64>, String> {
    let open = |one: &Served<'_>| Closed::open(one.server.address, CONNECTIONS);
    let mut connections = served.iter().map(open).collect::<Result<Vec<_>, _>>()?;
    let spent = |served: &[Served<'_>]| -> Result<Vec<f64>, String> {
        served.iter().map(|one| one.server.cpu_us()).collect()
    };
    let before = spent(served)?;
    let turns = requests.div_ceil(TURN);
    for _ in 0..turns {
        for (connections, one) in connections.iter_mut().zip(served.iter_mut()) {
            connections.send(&mut one.requests, TURN)?;
        }
    }
    let each = |(after, before): (f64, f64)| (after - before) / count(turns * TURN);
    Ok(spent(served)?.into_iter().zip(before).map(each).collect())
}

/// Latencies of a server at [`RATE_PER_SECOND`], in microseconds: half and 99 in a hundred of the
/// answers took at most as long.
pub(crate) async fn latencies_us(one: &Served<'_>) -> Result<[f64; 2], String> {
    let address = one.server.address;
    let mut latencies =
        load::paced(address, &one.requests, CONNECTIONS, PACED, RATE_PER_SECOND).await?;
    latencies.sort_by(f64::total_cmp);
    let at = |share: usize| latencies.get(latencies.len() * share / 100).copied();
    Ok([at(50).unwrap_or(f64::NAN), at(99).unwrap_or(f64::NAN)])
}

fn medians(rounds: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| median(rounds.iter().map(figure).collect());
    Figures { cpu_us: of(|it| it.cpu_us), p50_us: of(|it| it.p50_us), p99_us: of(|it| it.p99_us) }
}

/// The median of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A number of things, to reckon with.
pub(crate) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}

/// Connections of reading clients.
pub(crate) const CONNECTIONS: usize = 16;
/// The rate at which latencies are taken.
pub(crate) const RATE_PER_SECOND: f64 = 10_000.0;
/// Requests of a server's turn: some tens of milliseconds.
const TURN: usize = 2000;
/// Requests in each round whose latencies are told.
const PACED: usize = 20_000;
