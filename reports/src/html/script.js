// The page reads without this: it adds buttons, and opens what is folded before printing.
(() => {
  for (const place of document.querySelectorAll('[data-opens]')) {
    const folds = document.querySelectorAll(place.dataset.opens);
    for (const [words, open] of [['Open all', true], ['Close all', false]]) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = words;
      button.addEventListener('click', () => folds.forEach((fold) => { fold.open = open; }));
      place.append(button);
    }
  }
  addEventListener('beforeprint', () => {
    document.querySelectorAll('details:not(.raw):not(.trace)').forEach((fold) => { fold.open = true; });
  });
})();
