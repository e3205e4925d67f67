// The page reads without this: it adds buttons, opens what a link leads into, and what is folded before printing.
(() => {
  for (const place of document.querySelectorAll('[data-opens]')) {
    const folds = document.querySelectorAll(place.dataset.opens);
    const [all, none] = place.dataset.words.split('|');
    for (const [words, open] of [[all, true], [none, false]]) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = words;
      button.addEventListener('click', () => folds.forEach((fold) => { fold.open = open; }));
      place.append(button);
    }
  }
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let fold = target?.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
    target?.scrollIntoView();
  };
  addEventListener('hashchange', reveal);
  if (location.hash) reveal();
  addEventListener('beforeprint', () => {
    document.querySelectorAll('details:not(.raw):not(.trace):not(.ev)').forEach((fold) => { fold.open = true; });
  });
})();
