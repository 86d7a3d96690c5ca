// What the bundle has in the place of koffi: its native part alone. The package's own front looks for it in a dozen places and wraps
// what is deprecated, which takes as long as everything else that is done before a server is asked.
module.exports = require(`@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`);
