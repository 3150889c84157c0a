//! `derive(Input)`: the decoder.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::DeriveInput;

use crate::structure::{Member, Structure};

/// The decoder and shape description of a structure.
pub(crate) fn expand(item: &DeriveInput) -> syn::Result<TokenStream> {
    let structure = Structure::read(item)?;
    for member in &structure.members {
        check(member)?;
    }
    let Structure { ident, statics, members, .. } = &structure;
    let shape = structure.shape(&quote!(::coffer_protocol::Decode));
    let audit = structure.audit(&quote!(ASKED));
    let body = body(members);
    Ok(quote! {
        const _: () = {
            #statics

            #[automatically_derived]
            impl ::coffer_protocol::Decode for #ident {
                const SIMPLE: bool = false;

                fn shape(_rules: &::coffer_protocol::shape::Rules)
                    -> ::coffer_protocol::shape::Shape
                {
                    #shape
                }

                fn decode(
                    value: ::coffer_protocol::decode::Value,
                    _rules: &::coffer_protocol::shape::Rules,
                    at: &::coffer_protocol::decode::Path<'_>,
                    decoder: &mut ::coffer_protocol::decode::Decoder,
                ) -> ::core::result::Result<
                    ::core::option::Option<Self>,
                    ::coffer_protocol::Fault,
                > {
                    let members = ::coffer_protocol::decode::Members::take(value, decoder)?;
                    <Self as ::coffer_protocol::Input>::of_members(members, at, decoder)
                }
            }

            #audit

            #[automatically_derived]
            #[allow(unused_variables, unused_mut, reason = "a structure may have no members")]
            impl ::coffer_protocol::Input for #ident {
                fn of_members(
                    mut members: ::coffer_protocol::decode::Members<'_>,
                    at: &::coffer_protocol::decode::Path<'_>,
                    decoder: &mut ::coffer_protocol::decode::Decoder,
                ) -> ::core::result::Result<
                    ::core::option::Option<Self>,
                    ::coffer_protocol::Fault,
                > {
                    #body
                }
            }
        };
    })
}

/// Reads each member, and makes the structure of them where none is lacking.
fn body(members: &[Member]) -> TokenStream {
    let locals: Vec<_> = (0..members.len()).map(|index| format_ident!("value_{index}")).collect();
    let reads = members.iter().zip(&locals).map(|(member, local)| {
        let Member { wire, inner, rules, .. } = member;
        let how = if member.required { quote!(required) } else { quote!(optional) };
        quote!(let #local = members.#how::<#inner>(#wire, &#rules, at, decoder)?;)
    });
    let checks = members.iter().zip(&locals).map(|(member, local)| {
        if member.required {
            quote!(let ::core::option::Option::Some(#local) = #local else {
                return ::core::result::Result::Ok(::core::option::Option::None);
            };)
        } else if member.is_option {
            quote!()
        } else {
            quote!(let #local = #local.unwrap_or_default();)
        }
    });
    let fields = members.iter().zip(&locals).map(|(member, local)| {
        let field = &member.field;
        quote!(#field: #local)
    });
    quote! {
        #(#reads)*
        #(#checks)*
        ::core::result::Result::Ok(::core::option::Option::Some(Self { #(#fields),* }))
    }
}

fn check(member: &Member) -> syn::Result<()> {
    let wrong = match (member.required, member.is_option, member.default) {
        (true, true, _) => "a required member is a plain `T`, not an `Option<T>`",
        (false, false, false) => {
            "a member that may be absent is an `Option<T>`; or say `required` or `default`"
        }
        (_, _, true) if member.required || member.is_option => {
            "`default` is for a plain `T` that may be absent"
        }
        _ => return Ok(()),
    };
    Err(syn::Error::new_spanned(&member.field, wrong))
}
