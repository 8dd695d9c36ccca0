// agent-memory's plugin for @TITLE@: passes conversations on, word for word, and keeps nothing of them.
// `memory-daemon hooks install @CLIENT@` wrote it, and writes it again after an upgrade;
// `memory-daemon hooks uninstall @CLIENT@` removes it. Changes made here by hand are lost then.
import { spawn } from "node:child_process"

const PROGRAM = @PROGRAM@
// How long the agent may be kept waiting; usually it is some ten milliseconds.
const PATIENCE_MS = @PATIENCE_MS@
const EVENTS = ["session.created", "session.idle", "session.error", "session.deleted"]

export const AgentMemory = async ({ directory }) => {
  // A subagent is a session of its own; what it does belongs to the session that it works for.
  const parents = new Map()
  // Users' sessions that this process has seen.
  const open = new Set()
  // What the memory recalls for a session, where the user wants that.
  const recalled = new Map()
  // Sessions that are being compacted: the agent reports the summary as if it were an answer.
  const compacting = new Set()
  let last = Promise.resolve()

  const call = (payload) =>
    new Promise((done) => {
      const hook = spawn(PROGRAM[0], PROGRAM.slice(1), { stdio: ["pipe", "pipe", "ignore"] })
      let answer = ""
      setTimeout(done, PATIENCE_MS).unref()
      hook.on("error", () => done())
      hook.on("close", () => done(answer))
      hook.stdout.setEncoding("utf8").on("data", (part) => (answer += part))
      hook.stdin.on("error", () => {})
      hook.stdin.end(payload)
    })

  const root = (session) => {
    while (parents.has(session)) session = parents.get(session)
    return session
  }

  // One after the other, so that they arrive in order. Whatever happens, the agent goes on.
  const pass = (hook, session, input, output) => {
    try {
      const parentID = parents.has(session) ? root(session) : undefined
      const payload = JSON.stringify({ client: "@CLIENT@", hook, input, output, directory, parentID })
      last = last.then(() => call(payload)).catch(() => {})
    } catch {}
    return last
  }

  const begin = async (session, event) => {
    const answer = await pass("event", undefined, { event })
    try {
      const { additionalContext } = JSON.parse(answer)
      if (additionalContext) recalled.set(session, additionalContext)
    } catch {}
  }

  const resume = async (session) => {
    if (!session || open.has(session) || parents.has(session)) return
    open.add(session)
    // It reports sessions that are created, not those that are resumed.
    const event = { type: "session.resumed", properties: { info: { id: session, directory } } }
    await begin(session, event)
  }

  return {
    event: async ({ event }) => {
      const { info, part, sessionID } = event?.properties ?? {}
      if (event?.type === "session.created") {
        if (info?.parentID) parents.set(info.id, info.parentID)
        else open.add(info?.id)
        // A subagent's session names its parent itself.
        return info?.parentID ? pass("event", undefined, { event }) : begin(info?.id, event)
      }
      if (event?.type === "session.compacted" || event?.type === "session.idle") compacting.delete(sessionID)
      // A tool's result comes below; that it failed comes only here.
      const failed = event?.type === "message.part.updated" && part?.type === "tool" && part.state?.status === "error"
      if (!failed && !EVENTS.includes(event?.type)) return
      if (event.type === "session.deleted") {
        open.delete(info?.id)
        recalled.delete(info?.id)
      }
      return pass("event", sessionID ?? part?.sessionID ?? info?.id, { event })
    },
    "chat.message": async (input, output) => {
      await resume(input?.sessionID)
      return pass("chat.message", input?.sessionID, input, output)
    },
    "tool.execute.after": async (input, output) => pass("tool.execute.after", input?.sessionID, input, output),
    "experimental.session.compacting": async (input) => {
      compacting.add(input?.sessionID)
    },
    "experimental.text.complete": async (input, output) => {
      const summary = compacting.has(input?.sessionID)
      return pass("experimental.text.complete", input?.sessionID, input, summary ? { ...output, summary } : output)
    },
    // With every request, and not in the conversation: it is not stored, so it never comes back.
    "experimental.chat.system.transform": async (input, output) => {
      if (recalled.has(input?.sessionID)) output.system.push(recalled.get(input.sessionID))
    },
    dispose: async () => {
      for (const sessionID of open) pass("dispose", sessionID, { sessionID })
      return last
    },
  }
}
