//! A database of a PostgreSQL server for one test, where the tests have a server: `VISUM_TEST_PG` names it
//! (`cargo xtask test` starts one), and `VISUM_REQUIRE_PG` makes its absence a failure.

/// A database that was made for one test.
#[derive(Debug)]
pub struct Fresh {
    admin: sqlx::AnyPool,
    name: String,
    /// Its URL.
    pub url: String,
}

impl Fresh {
    /// Makes one, its name beginning with `visum_` and `what`; `None` where the tests have no server.
    ///
    /// # Panics
    /// If there has to be a server and is none, or it refuses.
    #[expect(clippy::expect_used, reason = "a test without its database fails")]
    pub async fn of(what: &str) -> Option<Self> {
        let Some(server) = std::env::var_os("VISUM_TEST_PG").and_then(|url| url.into_string().ok()) else {
            assert!(
                std::env::var_os("VISUM_REQUIRE_PG").is_none(),
                "VISUM_REQUIRE_PG is set, and VISUM_TEST_PG names no PostgreSQL"
            );
            return None;
        };
        sqlx::any::install_default_drivers();
        let admin = sqlx::AnyPool::connect(&server).await.expect("the server answers");
        let name = format!("visum_{what}_{}", std::process::id());
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&admin)
            .await
            .expect("a database");
        let mut url = url::Url::parse(&server).expect("the server's URL");
        url.set_path(&name);
        Some(Self {
            admin,
            name,
            url: url.to_string(),
        })
    }

    /// Removes it, whoever is still connected.
    ///
    /// # Panics
    /// If the server refuses.
    #[expect(clippy::expect_used, reason = "a test that leaves its database behind fails")]
    pub async fn remove(self) {
        sqlx::query(sqlx::AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name)))
            .execute(&self.admin)
            .await
            .expect("the database goes");
    }
}
