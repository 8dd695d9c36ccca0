// agent-memory's plugin for opencode: passes on what is said, word for word, and keeps nothing of it.
// `memory-daemon hooks install opencode` has written it, writes it anew after an upgrade, and
// `memory-daemon hooks uninstall opencode` removes it. What is changed here by hand is lost then.
import { spawn } from "node:child_process"

const PROGRAM = @PROGRAM@
// What opencode may be kept waiting; it is some ten milliseconds as a rule.
const PATIENCE_MS = @PATIENCE_MS@
const EVENTS = ["session.created", "session.idle", "session.error", "session.deleted"]

export const AgentMemory = async ({ directory }) => {
  // A subagent is a session of its own; what it does belongs to the session that it works for.
  const parents = new Map()
  // Sessions of people that were heard of since this process began.
  const open = new Set()
  // What the memory answered a session's beginning with, where the user wants that.
  const recalled = new Map()
  // Sessions that are being summarised: the summary is told as if it were an answer.
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

  // One after the other, so that they arrive in order. Whatever happens, opencode goes on.
  const pass = (hook, session, input, output) => {
    try {
      const parentID = parents.has(session) ? root(session) : undefined
      const payload = JSON.stringify({ hook, input, output, directory, parentID })
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

  const heard = async (session) => {
    if (!session || open.has(session) || parents.has(session)) return
    open.add(session)
    // opencode tells of sessions that are made, not of those that are taken up again.
    const event = { type: "session.resumed", properties: { info: { id: session, directory } } }
    await begin(session, event)
  }

  return {
    event: async ({ event }) => {
      const { info, part, sessionID } = event?.properties ?? {}
      if (event?.type === "session.created") {
        if (info?.parentID) parents.set(info.id, info.parentID)
        else open.add(info?.id)
        // It names its parent itself.
        return info?.parentID ? pass("event", undefined, { event }) : begin(info?.id, event)
      }
      if (event?.type === "session.compacted" || event?.type === "session.idle") compacting.delete(sessionID)
      // What a tool gave back is told below; that there was nothing to give is told only here.
      const refused = event?.type === "message.part.updated" && part?.type === "tool" && part.state?.status === "error"
      if (!refused && !EVENTS.includes(event?.type)) return
      if (event.type === "session.deleted") {
        open.delete(info?.id)
        recalled.delete(info?.id)
      }
      return pass("event", sessionID ?? part?.sessionID ?? info?.id, { event })
    },
    "chat.message": async (input, output) => {
      await heard(input?.sessionID)
      return pass("chat.message", input?.sessionID, input, output)
    },
    "tool.execute.after": async (input, output) => pass("tool.execute.after", input?.sessionID, input, output),
    "experimental.session.compacting": async (input) => {
      compacting.add(input?.sessionID)
    },
    "experimental.text.complete": async (input, output) => {
      if (!compacting.has(input?.sessionID)) return pass("experimental.text.complete", input?.sessionID, input, output)
    },
    // With every request, and nowhere in the conversation: opencode does not store it, so it never comes back.
    "experimental.chat.system.transform": async (input, output) => {
      if (recalled.has(input?.sessionID)) output.system.push(recalled.get(input.sessionID))
    },
    dispose: async () => {
      for (const sessionID of open) pass("dispose", sessionID, { sessionID })
      return last
    },
  }
}
