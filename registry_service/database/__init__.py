"""The only code that imports SQLAlchemy: schema, transactions, queries, migrations, whose data it is."""

from registry_service.database.transaction import Database, Transaction

__all__ = ["Database", "Transaction"]
