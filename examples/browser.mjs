// For browser.html: the classes of a capture that the user picks, read as a stream.
import { classify } from 'cls-flow';

const [input, output] = [document.querySelector('#capture'), document.querySelector('#classes')];

input.addEventListener('change', async () => {
  const [file] = input.files;
  try {
    const { classes } = await classify({ name: file.name, bytes: file }, { filters: ['hash keys src,dst divisor 16'] });
    output.textContent = classes.map(({ classid, packets, hosts }) => `${classid} ${packets} ${hosts}`).join('\n');
  } catch (error) {
    output.textContent = error.message;
  }
});
