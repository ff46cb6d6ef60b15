"use strict";
// The steps of set-up, in order. Each one has a label, the purposes it serves, needed(context) and run(context, progress).

module.exports = [
  require("./node.js"),
  require("./debian.js"),
  require("./npm.js"),
  require("./native.js"),
  require("./cross.js"),
  require("./typescript.js"),
  require("./bundle.js"),
  require("./engine.js"),
  require("./yaml-host.js"),
  require("./language-hosts.js"),
  require("./sdk-gen.js"),
  require("./go-example.js"),
  require("./clients.js"),
];
