/** Opens and closes a session again and again, each time closing a little later. */
import { utf8 } from "#base/bytes.ts";
import { openSession } from "#engine/node/session.ts";

const [location, rounds] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round++) {
  const session = await openSession({
    location: location!,
    password: utf8("hostile"),
    threads: 2,
    loadIndex: false,
    lock: "none",
  });
  await new Promise((resolve) => setTimeout(resolve, round * 12));
  await session[Symbol.asyncDispose]();
}
