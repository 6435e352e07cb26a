@_exported import TimeSeries

// What a user of the embedded database meets in signatures, so that `import Vigil` is all it takes.
@_exported import enum Detection.DetectionError
@_exported import struct Query.ParseError
@_exported import enum Query.QueryError
@_exported import struct Query.ResultSeries
@_exported import struct Query.StatementResult
@_exported import struct Storage.BackupArchive
@_exported import enum Storage.BackupError
@_exported import class Storage.BackupReceiver
@_exported import enum Storage.StorageError
@_exported import enum Storage.SyncPolicy
@_exported import struct Storage.VerificationReport
