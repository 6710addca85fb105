//! A query that is given the pool itself. Where it was asked cannot be seen: sqlx's own
//! functions lie between.

use futures_core::{future::BoxFuture, stream::BoxStream};
use sqlx_core::{
    Either, Error,
    database::Database,
    executor::{Execute, Executor},
    ext::async_stream::TryAsyncStream,
    sql_str::SqlStr,
};

use super::Pool;

impl<'p, DB: Database> Executor<'p> for &'_ Pool<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    type Database = DB;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<DB::QueryResult, DB::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let acquiring = self.acquire_from(None);
        Box::pin(TryAsyncStream::new(move |steps| async move {
            let mut connection = acquiring.await?;
            let mut fetched = connection.fetch_many(query);
            while let Some(step) = next(&mut fetched).await {
                steps.r#yield(step?).await;
            }
            Ok(())
        }))
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<DB::Row>, Error>>
    where
        'p: 'e,
        E: 'q + Execute<'q, DB>,
    {
        let acquiring = self.acquire_from(None);
        Box::pin(async move { acquiring.await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [DB::TypeInfo],
    ) -> BoxFuture<'e, Result<DB::Statement, Error>>
    where
        'p: 'e,
    {
        let acquiring = self.acquire_from(None);
        Box::pin(async move { acquiring.await?.prepare_with(sql, parameters).await })
    }

    #[cfg(feature = "sqlx-macros")]
    fn describe<'e>(
        self,
        sql: SqlStr,
    ) -> BoxFuture<'e, Result<sqlx_core::describe::Describe<DB>, Error>>
    where
        'p: 'e,
    {
        let acquiring = self.acquire_from(None);
        Box::pin(async move { acquiring.await?.describe(sql).await })
    }
}

async fn next<T>(stream: &mut BoxStream<'_, T>) -> Option<T> {
    std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await
}
