package zones

// ReadFS reads time-zone data from any file system.
var ReadFS = read
