// Leaks COUNT connections to PORT: connects and never closes. Usage: service.js PORT COUNT
const net = require("net");
const [port, count] = process.argv.slice(2).map(Number);
const held = [];
for (let i = 0; i < count; i++) {
  held.push(net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }));
}
setTimeout(() => process.exit(held.length), 120000);
