/** Two players ready up and start together. Run it beside a server: `node examples/lobby.js [ws://127.0.0.1:7400]`. */
import { WebSocket } from "ws";

const url = process.argv[2] ?? "ws://127.0.0.1:7400";

/** Joins a lobby's prompt and prints what comes, until the round starts. `joined` is called at the first of it. */
function join(user, joined = () => {}) {
  const socket = new WebSocket(url);
  socket.on("open", () =>
    socket.send(JSON.stringify({ type: "wait_start", user, lobby_id: 10, prompt_id: 5 })),
  );
  socket.on("error", (error) => console.error(`${user}: ${error.message}`));
  socket.once("message", joined);
  socket.on("message", (data) => {
    const message = JSON.parse(String(data));
    console.log(user, "got", JSON.stringify(message));
    // The second player starts as soon as both are there; a start ends it for both.
    if (message.type === "update" && message.users.length === 2 && user === "eve") {
      socket.send(JSON.stringify({ type: "start", in: 3000 }));
    }
    if (message.type === "start") socket.removeAllListeners("message").close();
  });
}

join("dan", () => join("eve"));
