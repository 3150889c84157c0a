//! What waits for a worker.

use tokio::sync::{Mutex, mpsc};

/// A bounded queue that several workers take from, each as much as it can do at once.
pub(crate) struct Queue<T>(Mutex<mpsc::Receiver<T>>);

impl<T> Queue<T> {
    /// A queue, and the way into it.
    pub(crate) fn new(waiting_max: usize) -> (mpsc::Sender<T>, Self) {
        let (sender, receiver) = mpsc::channel(waiting_max);
        (sender, Self(Mutex::new(receiver)))
    }

    /// Waits for something and takes it with what waits besides, in order, up to `count_max` and as
    /// long as `weigh` gives no more than `weight_max` in all. Nothing is taken when nothing more can
    /// come.
    pub(crate) async fn take(
        &self,
        count_max: usize,
        weight_max: usize,
        weigh: impl Fn(&T) -> usize,
    ) -> Vec<T> {
        let mut receiver = self.0.lock().await;
        let mut taken = Vec::new();
        let mut weight = 0;
        let mut next = receiver.recv().await;
        while let Some(item) = next.take() {
            weight += weigh(&item);
            taken.push(item);
            if taken.len() < count_max && weight < weight_max {
                next = receiver.try_recv().ok();
            }
        }
        taken
    }
}
