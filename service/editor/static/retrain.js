// Follows a training under way; when it has ended, the page is asked for again, with the verdict on it.
const message = document.getElementById("message");
const progress = document.getElementById("progress");
const ACTIVE = ["queued", "running", "evaluating"];
const OFTEN_MS = 500, RARELY_MS = 5000;

async function look() {
  let pause = OFTEN_MS;
  try {
    const answer = await fetch(`/v1/training-runs/${message.dataset.run}`);
    if (!answer.ok) throw new Error(answer.statusText);
    const run = await answer.json();
    if (!ACTIVE.includes(run.state)) return location.reload();
    progress.value = run.progress;
    if (message.textContent !== run.message) message.textContent = run.message;
  } catch {
    pause = RARELY_MS; // the service starts anew, or the network is away: the training goes on all the same
  }
  setTimeout(look, pause);
}

look();
