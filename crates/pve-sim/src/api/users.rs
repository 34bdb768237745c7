//! Users and their API tokens.

use serde_json::{Value, json};

use super::{Answer, Context, Endpoint, Permit, given};
use crate::auth::Principal;
use crate::fail::{Fail, Result, die, forbidden_plain, status};
use crate::schema::Params;
use crate::world::{Token, World};

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/access/users",
        permit: Permit::User,
        params: &["
            enabled? bool
            full? bool
        "],
        handler: users,
    },
    Endpoint {
        method: "GET",
        path: "/access/users/{userid}/token",
        permit: Permit::Check(may_see_tokens),
        params: &[],
        handler: tokens,
    },
    Endpoint {
        method: "GET",
        path: "/access/users/{userid}/token/{tokenid}",
        permit: Permit::Check(may_see_tokens),
        params: &[],
        handler: token,
    },
    Endpoint {
        method: "POST",
        path: "/access/users/{userid}/token/{tokenid}",
        permit: Permit::Check(may_see_tokens),
        params: &["
            comment? text
            expire? int min=0
            privsep? bool
        "],
        handler: create_token,
    },
    Endpoint {
        method: "DELETE",
        path: "/access/users/{userid}/token/{tokenid}",
        permit: Permit::Check(may_see_tokens),
        params: &[],
        handler: delete_token,
    },
];

fn users(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let wanted = context.args.flag("enabled");
    let audits = world.may_any(
        &context.who,
        "/access/groups",
        &["User.Modify", "Sys.Audit"],
    );
    let shown: Vec<Value> = world
        .access
        .users
        .iter()
        .filter(|(id, _)| audits || **id == context.who.user)
        .filter(|(_, user)| wanted.is_none_or(|enabled| user.enable == enabled))
        .map(|(id, user)| {
            let realm = id.rsplit_once('@').map_or("", |(_, realm)| realm);
            json!({
                "userid": id, "enable": u8::from(user.enable), "expire": user.expire,
                "realm-type": realm,
            })
        })
        .collect();
    Ok(json!(shown).into())
}

fn may_see_tokens(world: &World, who: &Principal, params: &Params) -> Result<()> {
    let userid = given(params, "userid").unwrap_or_default();
    if who.user == userid && who.token.is_none() || world.may(who, "/access/groups", "User.Modify")
    {
        return Ok(());
    }
    Err(forbidden_plain())
}

fn shown_token(token: &Token) -> Value {
    let mut data = json!({ "expire": token.expire, "privsep": u8::from(token.privsep) });
    if let Some(comment) = &token.comment {
        data["comment"] = json!(comment);
    }
    data
}

fn tokens(context: &mut Context<'_>) -> Result<Answer> {
    let userid = context.args.required("userid");
    let Some(user) = context.world.access.users.get(userid) else {
        return Err(die(format!("no such user ('{userid}')")));
    };
    let shown: Vec<Value> = user
        .tokens
        .iter()
        .map(|(name, token)| {
            let mut data = shown_token(token);
            data["tokenid"] = json!(name);
            data
        })
        .collect();
    Ok(json!(shown).into())
}

fn no_such_token(userid: &str, name: &str) -> Fail {
    die(format!("no such token '{name}' for user '{userid}'"))
}

fn token(context: &mut Context<'_>) -> Result<Answer> {
    let (userid, name) = (
        context.args.required("userid"),
        context.args.required("tokenid"),
    );
    match context.world.access.token(userid, name) {
        Some(token) => Ok(shown_token(token).into()),
        None => Err(no_such_token(userid, name)),
    }
}

fn create_token(context: &mut Context<'_>) -> Result<Answer> {
    let (userid, name) = (
        context.args.required("userid").to_owned(),
        context.args.required("tokenid").to_owned(),
    );
    let secret = context.world.ids.uuid();
    let token = Token {
        secret: secret.clone(),
        privsep: context.args.flag("privsep").unwrap_or(true),
        expire: context.args.number("expire").unwrap_or(0),
        comment: context.args.text("comment").map(str::to_owned),
    };
    let missing = die(format!("no such user ('{userid}')"));
    let user = context.world.access.users.get_mut(&userid).ok_or(missing)?;
    if user.tokens.contains_key(&name) {
        return Err(status(400, "Token already exists."));
    }
    let info = shown_token(&token);
    user.tokens.insert(name.clone(), token);
    Ok(json!({ "full-tokenid": format!("{userid}!{name}"), "info": info, "value": secret }).into())
}

fn delete_token(context: &mut Context<'_>) -> Result<Answer> {
    let (userid, name) = (
        context.args.required("userid").to_owned(),
        context.args.required("tokenid").to_owned(),
    );
    let user = context.world.access.users.get_mut(&userid);
    if user.and_then(|user| user.tokens.remove(&name)).is_none() {
        return Err(no_such_token(&userid, &name));
    }
    let full = format!("{userid}!{name}");
    context.world.access.acls.retain(|acl| acl.ugid != full);
    Ok(Value::Null.into())
}
