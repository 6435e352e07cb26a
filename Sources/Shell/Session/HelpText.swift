enum HelpText {
  static let text = """
    A statement ends with ; or an empty line. Ctrl-C stops it, Ctrl-D leaves.

      USE database[.policy]         statements without a database go there
      INSERT m,tag=v field=1 [time] write a point of line protocol
      \\databases                    SHOW DATABASES
      \\measurements                 SHOW MEASUREMENTS
      \\models                       SHOW MODELS
      \\format table|csv|json        how results are shown
      \\pretty [on|off]              JSON in lines
      \\precision rfc3339|ns|u|ms|s|m|h   how times are shown, and the unit of INSERT
      \\timing [on|off]              how long statements take
      \\plot [log] SELECT …          draw: columns named threshold and anomaly are marked
      \\watch SECONDS statement      again and again, until Ctrl-C
      \\export MODEL FILE            write a model to a file that is not there yet
      \\import FILE [MODEL]          a new model, or the next version of one, from such a file
      \\use, \\help, \\quit

    """
}
