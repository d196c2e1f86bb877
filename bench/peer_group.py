"""The RFM table by another program, from CSV to CSV: peer_group.py duckdb|pandas|polars FILE THREADS OUT."""
import sys


def by_duckdb(path, threads, out):
    import duckdb
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute(f"""COPY (SELECT customer_id, max(datetime), count(DISTINCT invoice), sum(quantity * unit_price)
        FROM read_csv('{path}') GROUP BY 1 ORDER BY 1) TO '{out}' (HEADER, DELIMITER ',')""")


def by_pandas(path, _threads, out):
    import pandas
    table = pandas.read_csv(path, usecols=["invoice", "customer_id", "datetime", "quantity", "unit_price"],
                            dtype={"invoice": str})
    table["amount"] = table["quantity"] * table["unit_price"]
    groups = table.groupby("customer_id").agg(last=("datetime", "max"), orders=("invoice", "nunique"),
                                              amount=("amount", "sum"))
    groups.to_csv(out)


def by_polars(path, _threads, out):
    import polars
    amount = polars.col("quantity") * polars.col("unit_price")
    table = polars.scan_csv(path, schema_overrides={"invoice": polars.String})
    groups = table.group_by("customer_id").agg(polars.col("datetime").max().alias("last"),
                                               polars.col("invoice").n_unique().alias("orders"),
                                               amount.sum().alias("amount"))
    groups.sort("customer_id").collect().write_csv(out)


if __name__ == "__main__":
    {"duckdb": by_duckdb, "pandas": by_pandas, "polars": by_polars}[sys.argv[1]](*sys.argv[2:5])
