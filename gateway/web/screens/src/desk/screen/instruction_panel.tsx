/** What is to be done in this home, on the same screen as its alarm, and a form to change it. */
import { useState } from "preact/hooks";
import { useDeskWords } from "../../words/desk";
import { saidIn } from "../../words/said";
import { mayIn } from "../../signing_in/may";
import { instructionOf, writeInstruction } from "../api";
import type { AlertView, Instruction } from "../contract";
import type { Refusal } from "../refusal";
import type { Session } from "../session";
import { CallLink } from "./call_form";
import { sayCalling } from "./use_calling";

/** Characters; the gateway refuses more. */
const LIMIT = 2_000;

interface Props {
  readonly alert: AlertView;
  readonly session: Session;
  refuse(refusal: Refusal): void;
}

export function InstructionPanel({ alert, session, refuse }: Props) {
  const words = useDeskWords();
  const [written, setWritten] = useState<Instruction | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const edit = async (): Promise<void> => {
    const outcome = await instructionOf(session, alert.home);
    setProblem(outcome.is === "done" ? null : words.problem.refused);
    if (outcome.is === "done") setWritten(outcome.value);
    else if (outcome.is === "denied") refuse(outcome.refusal);
  };
  const save = async (instruction: Instruction): Promise<void> => {
    const outcome = await writeInstruction(session, instruction);
    if (outcome.is === "done") {
      setWritten(null);
      setProblem(null);
    } else if (outcome.is === "denied") refuse(outcome.refusal);
    else if (outcome.is === "unreached") setProblem(words.problem.unreached);
    else setProblem(outcome.problem.message ? saidIn(words, outcome.problem.message) : words.problem.refused);
  };
  return (
    <section class="instruction" aria-labelledby="instruction">
      <h3 id="instruction">{words.instruction.heading}</h3>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {written ? (
        <InstructionForm written={written} save={(changed) => void save(changed)} cancel={() => setWritten(null)} />
      ) : (
        <>
          <p class={alert.instruction ? "text" : "aside"}>{alert.instruction || words.instruction.none}</p>
          <div class="beside-text">
            <CallLink alert={alert} follow={() => sayCalling(session, alert)} />
            {mayIn(session.may, alert.unit, "instruction.write") && (
              <button type="button" class="quiet" onClick={() => void edit()}>
                {words.instruction.change}
              </button>
            )}
          </div>
        </>
      )}
    </section>
  );
}

/** A number as people write it becomes a link; anything else is left for the gateway to judge. Null for nothing. */
function linkTo(written: string): string | null {
  const number = written.replace(/[\s()-]/g, "");
  return /^\+?\d+$/.test(number) ? `tel:${number}` : written || null;
}

interface FormProps {
  readonly written: Instruction;
  save(instruction: Instruction): void;
  cancel(): void;
}

function InstructionForm({ written, save, cancel }: FormProps) {
  const words = useDeskWords();
  const [text, setText] = useState(written.text);
  const [link, setLink] = useState((written.call_link ?? "").replace(/^tel:/, ""));
  const submit = (event: Event): void => {
    event.preventDefault();
    save({ ...written, text: text.trim(), call_link: linkTo(link.trim()) });
  };
  return (
    <form onSubmit={submit} class="asking">
      <label for="instruction-text">{words.instruction.text}</label>
      <textarea id="instruction-text" rows={5} maxLength={LIMIT} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <label for="instruction-link">{words.instruction.link}</label>
      <input id="instruction-link" autocomplete="off" value={link} onInput={(event) => setLink(event.currentTarget.value)} />
      <div class="actions">
        <button type="submit" class="main-action">
          {words.instruction.save}
        </button>
        <button type="button" onClick={cancel}>
          {words.actions.cancel}
        </button>
      </div>
    </form>
  );
}
