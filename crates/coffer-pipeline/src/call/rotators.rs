//! What a decision may know of rotators, which nothing outside is asked for.

use coffer_model::Sensitive;

use super::Call;
use crate::outside::{RotatorKind, Unreachable};

impl Call<'_> {
    /// What the rotator of this name is like.
    ///
    /// # Errors
    /// Why there is none.
    pub fn rotator(&self, name: &str) -> Result<RotatorKind, Unreachable> {
        self.world.outside.rotator(name)
    }

    /// Whether a rotator could rotate this value, as far as the values alone tell.
    ///
    /// # Errors
    /// Why not; the text holds no secret.
    pub fn check_values(
        &self,
        rotator: &str,
        current: &Sensitive<String>,
        superuser: Option<&Sensitive<String>>,
    ) -> Result<(), Unreachable> {
        self.world.outside.check_values(rotator, current, superuser)
    }
}
